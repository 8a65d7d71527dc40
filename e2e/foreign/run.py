#!/usr/bin/env python3
"""Other people's clients against our server: coturn's tools and aioice for STUN and TURN, aiortc in meetings.

Run with the Python of a virtual environment that has e2e/requirements.txt:

    e2e/.venv/bin/python e2e/foreign/run.py --parlor target/debug/parlor

Every check prints one line. The first that fails prints what its client and the server said, and ends the run with exit code 1.
"""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ice
import meeting
import tools
from server import Failed, Server

# Most of a check is waiting: coturn's client paces itself.
SIDE_BY_SIDE = 6


def timed(name: str, check: Callable[[Server], None], server: Server) -> tuple[str, float]:
    """Runs a check; its name and how long it took."""
    started = time.monotonic()
    try:
        check(server)
    except Failed as failure:
        raise Failed(f"{name} ({time.monotonic() - started:.1f} s)\n{failure}") from failure
    return name, time.monotonic() - started


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parlor", type=Path, required=True, help="the server's binary")
    arguments.add_argument("--only", default="", help="run only checks whose name contains this")
    options = arguments.parse_args()
    peaceful = [(name, check) for name, check in [*tools.CHECKS, *ice.CHECKS, *meeting.CHECKS] if options.only in name]
    abuse = [(name, check) for name, check in tools.ABUSE if options.only in name]
    if not peaceful and not abuse:
        print(f"no check is called {options.only!r}", file=sys.stderr)
        return 1
    server = None
    try:
        tools.demand()
        ice.demand()
        meeting.demand()
        server = Server(options.parlor)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            try:
                for name, seconds in pool.map(lambda named: timed(*named, server), peaceful):
                    print(f"ok    {name} ({seconds:.1f} s)", flush=True)
            except Failed:
                pool.shutdown(cancel_futures=True)
                raise
        for named in abuse:
            name, seconds = timed(*named, server)
            print(f"ok    {name} ({seconds:.1f} s)", flush=True)
        server.stop()
        server.demand_discretion()
    except Failed as failure:
        print(f"FAIL  {failure}", flush=True)
        if server:
            print(f"--- the server said ---\n{server.log()}", flush=True)
        return 1
    finally:
        if server:
            server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
