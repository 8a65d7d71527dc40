"""aiortc and GStreamer in meetings: three members publish to the media server and see and hear each other."""

import asyncio
import time
from collections.abc import Callable

import gst_member
import member
from gst_member import GstMember
from member import Member
from server import Failed, Server

LIMIT_S = 60
PATIENCE_S = 15


def demand() -> None:
    """Fails where a client is missing."""
    member.demand()
    gst_member.demand()


def meeting(room: str, make: Callable[[Server], list[Member]]) -> Callable[[Server], None]:
    """A check that three members get each other's picture and sound, and go on when one leaves."""

    async def story(server: Server) -> None:
        members = make(server)
        try:
            await converse(server, room, members)
        except Exception as failure:
            raise Failed(f"{type(failure).__name__}: {failure}\n{describe(members)}") from failure
        finally:
            await asyncio.gather(*(one.leave() for one in members), return_exceptions=True)

    return lambda server: asyncio.run(asyncio.wait_for(story(server), LIMIT_S))


async def converse(server: Server, room: str, members: list[Member]) -> None:
    """The story of a meeting."""
    for one in members:
        await one.join(f"ws://127.0.0.1:{server.http_port}/ws", room)
    await until("the room moves to the media server", lambda: all(one.mode == "sfu" for one in members))
    for one in members:
        await one.meet(slots=2)
    both = {"microphone", "camera"}
    published = lambda one: all(set(found) == both for found in one.others.values()) and len(one.others) == 2
    await until("everybody learns what the others publish", lambda: all(published(one) for one in members))
    for one in members:
        await one.watch(list(one.others))
    pairs = [(one, other) for one in members for other in members if one is not other]
    await until("everybody sees everybody", lambda: all(one.sees(other) for one, other in pairs))
    await until("everybody hears everybody", lambda: all(one.hears(other) for one, other in pairs))
    ana, bo, cy = members
    await cy.leave()
    await until("who has left is gone", lambda: cy.name not in ana.others and cy.name not in bo.others)
    before = [len(shades) for shades in ana.seen.values()]
    after = lambda: [len(shades) for shades in ana.seen.values()]
    await until("the others go on", lambda: any(now >= then + 10 for now, then in zip(after(), before)))
    if any(one.errors for one in members):
        raise Failed("the server answered with errors")


async def until(what: str, holds: Callable[[], bool]) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"not within {PATIENCE_S} s: {what}")
        await asyncio.sleep(0.05)


def describe(members: list[Member]) -> str:
    """What each saw and heard."""
    return "\n".join(
        f"{one.name}: mode {one.mode}, others {one.others}, saw {({mid: s[-5:] for mid, s in one.seen.items()})}, "
        f"heard {[round(pitch) for pitch in one.heard[-5:]]}, errors {one.errors}"
        for one in members
    )


def aiortc(codec: str) -> Callable[[Server], None]:
    """Three aiortc clients."""
    make = lambda _: [Member("ana", 60, 300, codec), Member("bo", 120, 600, codec), Member("cy", 200, 900, codec)]
    return meeting(f"aiortc-{codec}", make)


def gstreamer(codec: str, transport: str = "udp") -> Callable[[Server], None]:
    """Two GStreamer clients, whose certificates have RSA keys, with an aiortc client."""

    def make(_: Server) -> list[Member]:
        ana = GstMember("ana", 60, 300, codec, transport)
        return [ana, Member("bo", 120, 600, codec), GstMember("cy", 200, 900, codec, transport)]

    return meeting(f"gstreamer-{codec}-{transport}", make)


def relayed(transport: str) -> Callable[[Server], None]:
    """An aiortc and a GStreamer client that reach the media server through nothing but our TURN server, with one that does not."""

    def make(server: Server) -> list[Member]:
        turn = f"127.0.0.1:{server.port}?transport={transport}"
        ana, bo = Member("ana", 60, 300, "VP8", turn), GstMember("bo", 120, 600, "VP8", turn=turn)
        return [ana, bo, Member("cy", 200, 900, "VP8")]

    return meeting(f"relayed-{transport}", make)


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("aiortc: three in a meeting, VP8", aiortc("VP8")),
    ("aiortc: three in a meeting, H264", aiortc("H264")),
    ("GStreamer and aiortc: three in a meeting, VP8", gstreamer("VP8")),
    ("GStreamer and aiortc: three in a meeting, H264", gstreamer("H264")),
    ("GStreamer over ICE-TCP and aiortc: three in a meeting", gstreamer("VP8", "tcp")),
    ("aiortc and GStreamer relayed over UDP: three in a meeting", relayed("udp")),
    ("aiortc and GStreamer relayed over TCP: three in a meeting", relayed("tcp")),
]
