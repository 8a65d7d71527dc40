#!/usr/bin/env python3
"""Other people's STUN and TURN clients against our server: coturn's tools and aioice.

Run with the Python of a virtual environment that has e2e/requirements.txt:

    e2e/.venv/bin/python e2e/foreign/run.py --parlor target/debug/parlor

Every check prints one line. The first that fails prints what its client and the server said, and ends the run with exit code 1.
"""

import argparse
import sys
import time
from pathlib import Path

import ice
import tools
from server import Failed, Server

CHECKS = [*tools.CHECKS, *ice.CHECKS]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parlor", type=Path, required=True, help="the server's binary")
    arguments.add_argument("--only", default="", help="run only checks whose name contains this")
    options = arguments.parse_args()
    checks = [(name, check) for name, check in CHECKS if options.only in name]
    if not checks:
        print(f"no check is called {options.only!r}", file=sys.stderr)
        return 1
    server = None
    name = "the clients are installed"
    started = time.monotonic()
    try:
        tools.demand()
        ice.demand()
        name = "the server starts"
        server = Server(options.parlor)
        for name, check in checks:
            started = time.monotonic()
            check(server)
            print(f"ok    {name} ({time.monotonic() - started:.1f} s)", flush=True)
        name = "the server stops"
        server.stop()
    except Failed as failure:
        print(f"FAIL  {name} ({time.monotonic() - started:.1f} s)\n{failure}", flush=True)
        if server:
            print(f"--- the server said ---\n{server.log()}", flush=True)
        return 1
    finally:
        if server:
            server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
