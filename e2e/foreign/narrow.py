"""aiortc, which knows no feedback but REMB: it sends no more than its own line carries, and no more than that of its only viewer."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

from line import Access
from meeting import until
from member import FRAMES_PER_SECOND, MediaStreamTrack, Member, Picture
from server import Failed, Server

NARROW_KBIT_S, WIDE_KBIT_S = 600, 10_000
# A queue of a second at the narrow rate; what does not fit is lost.
QUEUE_BYTES = NARROW_KBIT_S * 1000 // 8
# What the camera sends where it may send as it likes; the least that is worth to be narrowed.
FREELY_KBIT_S = 800
ADAPT_S, MEASURED_S, LIMIT_S = 60, 5, 240
# Of the pictures that were taken: an encoder skips some when its rate falls.
SHOWN = 0.6


class Rated:
    """A line with a rate, a queue before it, and a count of what has been put onto it."""

    def __init__(self, deliver: Callable[[bytes], None]):
        self.kbit_s, self.queue_bytes, self.offered_bytes = WIDE_KBIT_S, QUEUE_BYTES, 0
        self._deliver, self._free_at = deliver, 0.0

    def put(self, datagram: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.offered_bytes += len(datagram)
        begins = max(self._free_at, loop.time())
        if (begins - loop.time()) * self.kbit_s * 125 > self.queue_bytes:
            return
        self._free_at = begins + len(datagram) / (self.kbit_s * 125)
        loop.call_at(self._free_at, self._deliver, datagram)


class Noise(Picture):
    """The shade with noise over it, which takes as many bits as there are."""

    def _rows(self, plane: object, level: int) -> bytes:
        if level == 128:
            return super()._rows(plane, level)
        grain = bytes(min(255, max(0, level + byte % 16 - 8)) for byte in range(256))
        return os.urandom(plane.buffer_size).translate(grain)


class Narrow(Member):
    """An aiortc client behind a line of its own."""

    def __init__(self, name: str, shade: int, pitch_hz: int, server_port: int):
        super().__init__(name, shade, pitch_hz, "VP8")
        self._server_port = server_port
        self._access: Access[Rated] | None = None

    @property
    def up(self) -> Rated:
        return self._access.up

    @property
    def down(self) -> Rated:
        return self._access.down

    def _camera(self) -> MediaStreamTrack:
        return Noise(self.shade)

    async def _negotiate(self, sdp: str, tracks: list[dict[str, str]]) -> str:
        self._access = await Access.open(self._server_port, Rated)
        return self._access.only_way(await super()._negotiate(sdp, tracks))

    async def leave(self) -> None:
        await super().leave()
        if self._access:
            self._access.close()


async def watched(server: Server, room: str, publisher: Member, viewer: Member) -> None:
    """Both are in the room, and the viewer has asked for the publisher's camera."""
    for one in (publisher, viewer):
        await one.join(f"ws://127.0.0.1:{server.http_port}/ws", room)
    for one in (publisher, viewer):
        await one.meet(slots=1)
    await until(f"{viewer.name} learns what {publisher.name} publishes", lambda: "camera" in viewer.others.get(publisher.name, []))
    await viewer.watch([publisher.name])


def with_two_through_the_server(server: Server, story: Callable[[Server], Awaitable[None]]) -> None:
    """Plays a story at a server of its own, whose rooms are the media server's with two."""
    own = Server(server.binary, settings={"rooms.topology": "sfu"})
    try:
        asyncio.run(asyncio.wait_for(story(own), LIMIT_S))
        own.stop()
    finally:
        own.kill()


async def measure(publisher: Narrow, viewer: Narrow) -> tuple[float, float]:
    """What the publisher puts onto its line in kbit/s, and the share of its pictures that the viewer is shown."""
    count = lambda: sum(map(len, viewer.seen.values()))
    begun, offered, shown = time.monotonic(), publisher.up.offered_bytes, count()
    await asyncio.sleep(MEASURED_S)
    took = time.monotonic() - begun
    return (publisher.up.offered_bytes - offered) / 125 / took, (count() - shown) / took / FRAMES_PER_SECOND


async def adapts(publisher: Narrow, viewer: Narrow, what: str, suits: Callable[[float], bool]) -> None:
    """Before long the rate is as it should be, and the viewer sees it as a moving picture."""
    deadline = time.monotonic() + ADAPT_S
    while True:
        kbit_s, shown = await measure(publisher, viewer)
        if suits(kbit_s) and shown >= SHOWN:
            print(f"      {what}: {kbit_s:.0f} kbit/s sent, {shown:.0%} of the pictures shown", flush=True)
            return
        if time.monotonic() > deadline:
            raise Failed(f"not within {ADAPT_S} s, {what}: {kbit_s:.0f} kbit/s sent, {shown:.0%} of the pictures shown")


async def story(server: Server) -> None:
    """Wide lines, then a narrow one of the viewer, wide again, then a narrow one of the publisher."""
    ana, bo = Narrow("ana", 80, 300, server.port), Narrow("bo", 160, 600, server.port)
    try:
        await watched(server, "narrow", ana, bo)
        await until("bo sees ana", lambda: bo.sees(ana))
        freely = lambda kbit_s: kbit_s >= FREELY_KBIT_S
        narrowly = lambda kbit_s: kbit_s <= NARROW_KBIT_S
        await adapts(ana, bo, "both lines are wide", freely)
        bo.down.kbit_s = NARROW_KBIT_S
        await adapts(ana, bo, f"the viewer has {NARROW_KBIT_S} kbit/s", narrowly)
        bo.down.kbit_s = WIDE_KBIT_S
        await adapts(ana, bo, "the viewer's line is wide again", freely)
        ana.up.kbit_s = NARROW_KBIT_S
        await adapts(ana, bo, f"the publisher has {NARROW_KBIT_S} kbit/s", narrowly)
        if ana.errors or bo.errors:
            raise Failed(f"the server answered with errors: {ana.errors + bo.errors}")
    finally:
        await asyncio.gather(ana.leave(), bo.leave(), return_exceptions=True)


def adapts_to_a_narrow_line(server: Server) -> None:
    """In a room that is the media server's with two."""
    with_two_through_the_server(server, story)


CHECKS = [("aiortc adapts to the narrow line of its only viewer, and to its own", adapts_to_a_narrow_line)]
