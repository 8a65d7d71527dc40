"""Publishers whose only sound is G.711, as telephones and cameras have: heard by who reads frames, in recordings, and as it is by who offers it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from live import publishing
from live_back import outputs
from matrix import FFMPEG, Input
from meeting import until
from member import FRAMES_PER_SECOND
from played import PLAYED_S, played
from recording import record_by_whip
from server import Server
from stream import G711End, attended

STORY_LIMIT_S = 60


def by_whip(law: str) -> Callable[[Server, Input], list[str]]:
    """In a process of its own, so that what is measured here does not hold it up."""

    def command(server: Server, source: Input) -> list[str]:
        peer = str(Path(__file__).with_name("flashing_peer.py"))
        return [sys.executable, peer, f"http://127.0.0.1:{server.http_port}/whip/live/{source.stream}", str(source.tone_hz), law]

    return command


# Played by the younger ffmpeg: Debian's 5.1 may seek to a key picture of such a file that it then cannot decode.
INPUTS = [
    Input(f"WHIP H.264+{law}", "H264", tone_hz, FRAMES_PER_SECOND, FFMPEG, by_whip(law)) for law, tone_hz in (("PCMU", 700), ("PCMA", 1100))
]


def is_played(server: Server) -> None:
    """The tone that was sent, in step with the pictures."""
    for source, ways in zip(INPUTS, (["HTTP-FLV", "HLS, MP4"], ["RTMP", "HLS, TS"]), strict=True):
        with publishing(source.command(server, source)):
            for way in ways:
                # The first look is what wakes the way, and the publisher's first reports are late.
                played(outputs(server, source.stream)[way], source.player)
                measured = played(outputs(server, source.stream)[way], source.player).measure(source.tone_hz, source.rate_hz * (PLAYED_S - 1))
                print(f"      {way:10} {source.name}: {measured}", flush=True)


def is_recorded(server: Server) -> None:
    """As AAC."""
    for source, wanted, extension in zip(INPUTS, ("auto", "flv"), (".mp4", ".flv"), strict=True):
        record_by_whip(server, source, wanted, extension, "aac")


async def is_passed_on(server: Server) -> None:
    """By WHEP, as it is."""
    publisher, viewer = G711End("telephone", 120, 700, "H264"), G711End("other", 0, 0, "H264")
    base = f"http://127.0.0.1:{server.http_port}"
    async with attended(publisher, viewer):
        await publisher.publish(f"{base}/whip/live/telephone")
        await viewer.play(f"{base}/whep/live/telephone")
        await until("the other telephone hears it", lambda: viewer.hears(publisher))
        await until("and sees it", lambda: viewer.sees(publisher))


CHECKS = [
    ("G.711 by WHIP is played by RTMP, FLV and HLS, in step", is_played),
    ("G.711 by WHIP is recorded as AAC", is_recorded),
    ("G.711 by WHIP is passed on to who offers it", lambda server: asyncio.run(asyncio.wait_for(is_passed_on(server), STORY_LIMIT_S))),
]
