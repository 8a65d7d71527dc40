#!/usr/bin/env python3
"""Other people's clients against our server: coturn's tools and aioice for STUN and TURN, aiortc, GStreamer, Pion and str0m in meetings and
streams, ffmpeg, GStreamer and OBS by RTMP, FLV, WHIP and HLS, a program of the operator that is asked about them, and nginx that streams go
on to.

Run with the Python of a virtual environment that has e2e/requirements.txt:

    e2e/.venv/bin/python e2e/foreign/run.py --parlor target/debug/parlor

Every check prints one line, one that fails what its client said as well; then the exit code is 1.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apprtc_device
import audience
import encoder
import forward
import freezes
import full_disk
import g711
import handshake
import hooks
import ice
import live
import live_back
import matrix
import meeting
import moves
import narrow
import native
import obs
import pion
import recording
import room_recording
import slow_disk
import stopped
import stream
import tools
from server import Failed, Server

# Most of a check is waiting: coturn's client paces itself.
SIDE_BY_SIDE = 6
# Members of a meeting encode and decode, those of aiortc in this one process.
MEETINGS_SIDE_BY_SIDE = 2


class Checked:
    """Runs checks against one server and counts those that failed."""

    def __init__(self, server: Server):
        self._server = server
        self.failed = 0

    def side_by_side(self, checks: list[tuple[str, Callable[[Server], None]]], at_once: int) -> None:
        """Runs checks, some at a time, and prints a line for each in their order."""
        with ThreadPoolExecutor(at_once) as pool:
            for passed, line in pool.map(lambda named: self._run(*named), checks):
                self.failed += not passed
                print(line, flush=True)

    def _run(self, name: str, check: Callable[[Server], None]) -> tuple[bool, str]:
        started = time.monotonic()
        took = lambda: f"{name} ({time.monotonic() - started:.1f} s)"
        try:
            check(self._server)
        except Failed as failure:
            return False, f"FAIL  {took()}\n{failure}"
        except Exception:
            return False, f"FAIL  {took()}\n{traceback.format_exc()}"
        return True, f"ok    {took()}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parlor", type=Path, required=True, help="the server's binary")
    arguments.add_argument("--only", default="", help="run only checks whose name contains this")
    options = arguments.parse_args()
    chosen = lambda checks: [(name, check) for name, check in checks if options.only in name]
    peaceful = chosen([*tools.CHECKS, *ice.CHECKS])
    streams = [*stream.CHECKS, *live.CHECKS, *live_back.CHECKS, *hooks.CHECKS, *recording.CHECKS, *room_recording.CHECKS, *full_disk.CHECKS, *forward.CHECKS, *g711.CHECKS]
    meetings = chosen([*meeting.CHECKS, *handshake.CHECKS, *encoder.CHECKS, *apprtc_device.CHECKS, *native.CHECKS, *pion.CHECKS, *streams])
    abuse, crowds = chosen(tools.ABUSE), chosen([*matrix.CHECKS, *obs.CHECKS, *slow_disk.CHECKS, *audience.CHECKS, *moves.CHECKS, *narrow.CHECKS, *stopped.CHECKS, *freezes.CHECKS])
    if not peaceful and not meetings and not abuse and not crowds:
        print(f"no check is called {options.only!r}", file=sys.stderr)
        return 1
    try:
        for kind in (tools, ice, meeting, live, forward, obs, pion, slow_disk):
            kind.demand()
        server = Server(options.parlor)
    except Failed as failure:
        print(f"FAIL  {failure}", flush=True)
        return 1
    try:
        checked = Checked(server)
        checked.side_by_side(peaceful, SIDE_BY_SIDE)
        checked.side_by_side(meetings, MEETINGS_SIDE_BY_SIDE)
        # They need the machine for themselves.
        checked.side_by_side([*crowds, *abuse, ("a clean end and no secret in the log", end)], 1)
        if checked.failed:
            print(f"--- the server said ---\n{server.log()}", flush=True)
        return 1 if checked.failed else 0
    finally:
        server.kill()


def end(server: Server) -> None:
    """The server stops as it should, and has kept its secrets."""
    server.stop()
    server.demand_discretion()


if __name__ == "__main__":
    sys.exit(main())
