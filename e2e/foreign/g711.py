"""Publishers whose only sound is G.711, as telephones and cameras have: heard by who reads frames, in recordings, and as it is by who offers it, in streams and
in rooms."""

import asyncio
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from aiortc import RTCRtpSender
from live import publishing
from live_back import by_whip as gstreamer_by_whip
from live_back import outputs
from matrix import FFMPEG, Input
from meeting import describe, until
from member import FRAMES_PER_SECOND, Member
from played import PLAYED_S, played
from recording import record_by_whip
from server import Failed, Server
from stream import G711End, GstEnd, attended

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


class With(Member):
    """A member who offers no sound but that of one codec."""

    def __init__(self, name: str, shade: int, pitch_hz: int, sound: str):
        super().__init__(name, shade, pitch_hz, "VP8")
        self._sound = f"audio/{sound}"

    def _prefer_codec(self) -> None:
        super()._prefer_codec()
        codecs = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType == self._sound]
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.setCodecPreferences(codecs)


async def is_in_a_room(server: Server) -> None:
    """Who offers G.711 beside Opus hears the telephone. The telephone hears nobody's Opus, who has Opus alone does not hear the telephone, and both are told why."""
    room = f"g{uuid.uuid4().hex}"
    phone, ana, opus = With("phone", 60, 500, "PCMU"), Member("ana", 120, 900, "VP8"), With("opus", 200, 1300, "opus")
    members = [phone, ana, opus]
    lacks = lambda one, other: (other.name, "codec") in one.told.values()
    try:
        for one in members:
            await one.join(f"ws://127.0.0.1:{server.http_port}/ws", room)
        await until("the room moves to the media server", lambda: all(one.mode == "sfu" for one in members))
        for one in members:
            await one.meet(slots=2)
        for one in members:
            await one.watch([other.name for other in members if other is not one])
        await until("the one with both hears both", lambda: ana.hears(phone) and ana.hears(opus))
        await until("Opus is heard by Opus", lambda: opus.hears(ana))
        await until("the telephone is told of both", lambda: lacks(phone, ana) and lacks(phone, opus))
        await until("who has Opus alone is told", lambda: lacks(opus, phone))
        if phone.heard or opus.hears(phone):
            raise Failed("somebody hears what cannot be decoded")
        await until("all see each other", lambda: all(one.sees(other) for one in members for other in members if one is not other))
    except Exception as failure:
        raise Failed(f"{type(failure).__name__}: {failure}\n{describe(members)}\n{[one.told for one in members]}") from failure
    finally:
        await asyncio.gather(*(one.leave() for one in members), return_exceptions=True)


CHECKS = [
    ("G.711 of GStreamer by WHIP is played by RTMP", gstreamer_by_whip("whip-law", lambda: GstEnd("gst", 60, 500, "H264", sound="PCMU"), ["RTMP", "HLS, MP4"])),
    ("G.711 of a member in a room is heard by who offers it, and others are told", lambda server: asyncio.run(asyncio.wait_for(is_in_a_room(server), STORY_LIMIT_S))),
    ("G.711 by WHIP is played by RTMP, FLV and HLS, in step", is_played),
    ("G.711 by WHIP is recorded as AAC", is_recorded),
    ("G.711 by WHIP is passed on to who offers it", lambda server: asyncio.run(asyncio.wait_for(is_passed_on(server), STORY_LIMIT_S))),
]
