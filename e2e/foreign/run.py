#!/usr/bin/env python3
"""Other people's clients against our server: coturn's tools and aioice for STUN and TURN, aiortc, GStreamer and str0m in meetings and streams,
ffmpeg and GStreamer by RTMP, FLV, WHIP and HLS, a program of the operator that is asked about them, and nginx that streams go on to.

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

import apprtc_device
import audience
import encoder
import forward
import full_disk
import g711
import hooks
import ice
import live
import live_back
import matrix
import meeting
import native
import recording
import room_recording
import stream
import tools
from server import Failed, Server

# Most of a check is waiting: coturn's client paces itself.
SIDE_BY_SIDE = 6
# Members of a meeting encode and decode, those of aiortc in this one process.
MEETINGS_SIDE_BY_SIDE = 2


def timed(name: str, check: Callable[[Server], None], server: Server) -> tuple[str, float]:
    """Runs a check; its name and how long it took."""
    started = time.monotonic()
    try:
        check(server)
    except Failed as failure:
        raise Failed(f"{name} ({time.monotonic() - started:.1f} s)\n{failure}") from failure
    return name, time.monotonic() - started


def run_side_by_side(checks: list[tuple[str, Callable[[Server], None]]], server: Server, at_once: int) -> None:
    """Runs checks, some at a time; the first that fails ends it."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            for name, seconds in pool.map(lambda named: timed(*named, server), checks):
                print(f"ok    {name} ({seconds:.1f} s)", flush=True)
        except Failed:
            pool.shutdown(cancel_futures=True)
            raise


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parlor", type=Path, required=True, help="the server's binary")
    arguments.add_argument("--only", default="", help="run only checks whose name contains this")
    options = arguments.parse_args()
    chosen = lambda checks: [(name, check) for name, check in checks if options.only in name]
    peaceful = chosen([*tools.CHECKS, *ice.CHECKS])
    streams = [*stream.CHECKS, *live.CHECKS, *live_back.CHECKS, *hooks.CHECKS, *recording.CHECKS, *room_recording.CHECKS, *full_disk.CHECKS, *forward.CHECKS, *g711.CHECKS]
    meetings = chosen([*meeting.CHECKS, *encoder.CHECKS, *apprtc_device.CHECKS, *native.CHECKS, *streams])
    abuse, crowds = chosen(tools.ABUSE), chosen([*matrix.CHECKS, *audience.CHECKS])
    if not peaceful and not meetings and not abuse and not crowds:
        print(f"no check is called {options.only!r}", file=sys.stderr)
        return 1
    server = None
    try:
        tools.demand()
        ice.demand()
        meeting.demand()
        live.demand()
        forward.demand()
        server = Server(options.parlor)
        run_side_by_side(peaceful, server, SIDE_BY_SIDE)
        run_side_by_side(meetings, server, MEETINGS_SIDE_BY_SIDE)
        # They need the machine for themselves.
        for named in [*crowds, *abuse]:
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
