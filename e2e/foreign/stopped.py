"""aiortc, which tells nothing of its line but REMB and reports, and a picture that is stopped to it because its line is too narrow."""

import asyncio
import time
from collections.abc import Callable

import gst_member
from gst_member import GstMember
from meeting import until
from member import FRAMES_PER_SECOND, Member
from narrow import QUEUE_BYTES as WIDE_QUEUE_BYTES
from narrow import WIDE_KBIT_S, Narrow, watched, with_two_through_the_server
from server import Failed, Server

# Not enough for sound and the least of pictures.
TOO_NARROW_KBIT_S = 150
# 0.4 s of that: with more aiortc finds its consent checks unanswered (after 0.5 s each), and gives its connection up.
QUEUE_BYTES = 8_000
# The picture stops; the line stays as it is for so long; on a wide one the picture is back after the longest pause between two trials
# that there can be by then, and stays.
STOPS_S, NARROW_S, BACK_S, STAYS_S = 30, 45, 50, 15
# Of the seconds on the narrow line those in which pictures come, and of the sound of that time what is heard: a trial costs some of it.
SPOILED_MAX, HEARD_MIN = 0.3, 0.6
# Of the pictures that were taken.
SHOWN = 0.6
SOUNDS_PER_SECOND = 50


class Snow(GstMember):
    """GStreamer with a picture that takes many bits, whatever a REMB says."""

    pattern = "snow"


def pictures(viewer: Member) -> int:
    """How many have come so far."""
    return sum(map(len, viewer.seen.values()))


async def within(limit_s: float, what: str, suits: Callable[[int], bool], viewer: Member) -> None:
    """Before long so many pictures come within three seconds as there should."""
    begun = time.monotonic()
    while True:
        before = pictures(viewer)
        await asyncio.sleep(3)
        came = pictures(viewer) - before
        if suits(came):
            print(f"      {what} after {time.monotonic() - begun:.0f} s", flush=True)
            return
        if time.monotonic() - begun > limit_s:
            raise Failed(f"not within {limit_s} s: {what}; {came} pictures in 3 s")


async def stays_stopped(viewer: Member) -> None:
    """On a line that stays narrow there is sound, and trials are few."""
    heard, spoiled = len(viewer.heard), []
    for second in range(NARROW_S):
        before = pictures(viewer)
        await asyncio.sleep(1)
        if pictures(viewer) > before:
            spoiled.append(second)
    share = (len(viewer.heard) - heard) / SOUNDS_PER_SECOND / NARROW_S
    print(f"      on the narrow line pictures came in seconds {spoiled}, {share:.0%} of the sound was heard", flush=True)
    if len(spoiled) > SPOILED_MAX * NARROW_S or share < HEARD_MIN:
        raise Failed(f"pictures in seconds {spoiled}, {share:.0%} of the sound")


async def story(server: Server) -> None:
    """The picture is stopped on a narrow line, and comes back when that is wide again."""
    ana, bo = Snow("ana", 80, 300, "VP8"), Narrow("bo", 160, 600, server.port)
    try:
        await watched(server, "snow", ana, bo)
        await until("pictures come", lambda: pictures(bo) > FRAMES_PER_SECOND)
        await asyncio.sleep(5)
        bo.down.queue_bytes = QUEUE_BYTES
        bo.down.kbit_s = TOO_NARROW_KBIT_S
        await within(STOPS_S, "the picture is stopped", lambda came: came == 0, bo)
        await stays_stopped(bo)
        bo.down.queue_bytes, bo.down.kbit_s = WIDE_QUEUE_BYTES, WIDE_KBIT_S
        flows = lambda came: came >= SHOWN * 3 * FRAMES_PER_SECOND
        await within(BACK_S, "the picture is back", flows, bo)
        before = pictures(bo)
        await asyncio.sleep(STAYS_S)
        came = pictures(bo) - before
        if came < SHOWN * STAYS_S * FRAMES_PER_SECOND:
            raise Failed(f"it came back, but not for long: {came} pictures in {STAYS_S} s")
        if ana.errors or bo.errors:
            raise Failed(f"the server answered with errors: {ana.errors + bo.errors}")
    finally:
        await asyncio.gather(ana.leave(), bo.leave(), return_exceptions=True)


def comes_back(server: Server) -> None:
    """In a room that is the media server's with two."""
    gst_member.demand()
    with_two_through_the_server(server, story)


CHECKS = [("aiortc sees a picture again that was stopped, when its line has become wide", comes_back)]
