#!/usr/bin/env python3
"""Whether picture and sound stay together for half an hour: the publishers of the matrix, looked at again and again, and the files that were recorded.

Not part of the tests, which have no half hour:

    e2e/.venv/bin/python e2e/foreign/soak.py --parlor target/release/parlor --minutes 30

Prints by how many ms sound comes after the picture (the median of some seconds) at each look, how far that is from the first look, and what memory
the server has. Ends with exit code 1 when something has drifted by more than it may.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import live
import member
from live import publishing
from live_back import outputs
from matrix import INPUTS, OFFERED, SETTLED_S, Input, by_whep
from played import PLAYED_S, Played, played
from server import Failed, Server

DRIFT_MS = 50
LOOK_EVERY_S = 300
SOURCES = [source for source in INPUTS if source.codec in OFFERED]

WAYS: dict[str, Callable[[Server, Input], Played]] = {
    "HTTP-FLV": lambda server, source: played(outputs(server, source.stream)["HTTP-FLV"], source.player),
    "HLS, TS": lambda server, source: played(outputs(server, source.stream)["HLS, TS"], source.player),
    "HLS, MP4": lambda server, source: played(outputs(server, source.stream)["HLS, MP4"], source.player),
    "WHEP": by_whep,
}


def plays(source: Input, way: str) -> bool:
    """FLV of VP8 is unknown to ffmpeg, and transport streams have none."""
    return source.codec != "VP8" or way in ("HLS, MP4", "WHEP")


def look(server: Server) -> dict[str, float]:
    """The skew of every pair, one after the other, so that players disturb each other as little as can be."""
    skews = {}
    for source in SOURCES:
        for way, play in WAYS.items():
            if plays(source, way):
                skews[f"{source.name} to {way}"] = statistics.median(play(server, source).skews_ms())
    return skews


def recorded(folder: Path) -> dict[str, list[float]]:
    """The skew at the beginning and at the end of every file."""
    skews = {}
    for source in SOURCES:
        file = next(folder.glob(f"live/{source.stream}.*"))
        command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(file)]
        duration_s = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        looks = [played(str(file), source.player, skip_s=at) for at in (SETTLED_S, int(duration_s) - PLAYED_S - 2)]
        skews[f"{source.name}, recording of {duration_s:.0f} s"] = [statistics.median(seen.skews_ms()) for seen in looks]
    return skews


def soak(server: Server, minutes: int) -> dict[str, list[float]]:
    """Looks at the beginning, at the end, and in between."""
    began, found = time.monotonic(), {}
    while True:
        at_s = time.monotonic() - began
        for pair, skew in look(server).items():
            found.setdefault(pair, []).append(skew)
        print(f"{at_s / 60:5.1f} min  {server.memory_kib() / 1024:.0f} MiB  ", end="")
        print("  ".join(f"{pair} {skews[-1]:+.0f}" for pair, skews in found.items()), flush=True)
        left_s = minutes * 60 - at_s
        if left_s <= 0:
            return found
        time.sleep(max(0, min(LOOK_EVERY_S, left_s) - (time.monotonic() - began - at_s)))


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--parlor", type=Path, required=True, help="the server's binary")
    arguments.add_argument("--minutes", type=int, default=30, help="how long (%(default)s)")
    options = arguments.parse_args()
    live.demand()
    member.demand()
    folder = Path(tempfile.mkdtemp(prefix="parlor-recordings-"))
    server = Server(options.parlor, settings={"recording.folder": str(folder), "recording.streams": '["*"]'})
    try:
        with ExitStack() as encoders:
            for source in SOURCES:
                encoders.enter_context(publishing(source.command(server, source)))
            time.sleep(SETTLED_S)
            found = soak(server, options.minutes)
        server.stop()
        found |= recorded(folder)
    except Failed as failure:
        print(f"FAIL  {failure}\n--- the server said ---\n{server.log()}")
        return 1
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
    drifts = {pair: max(abs(skew - skews[0]) for skew in skews) for pair, skews in found.items()}
    for pair, drift in drifts.items():
        print(f"{pair}: {found[pair][0]:+.0f} ms at first, at most {drift:.0f} ms from that")
    return int(max(drifts.values()) > DRIFT_MS)


if __name__ == "__main__":
    sys.exit(main())
