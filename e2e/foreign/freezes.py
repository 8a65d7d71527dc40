"""What the server says of freezes beside what a viewer had: aiortc on a good line first, and then on one that is cut for a while."""

import asyncio
import time
from collections.abc import Callable

from line import Access
from meeting import until
from member import MediaStreamTrack
from narrow import Noise
from server import Failed, Server, free_ports, metric
from stream import AiortcEnd, attended

QUIET_S = 8
# More than the server keeps for retransmissions, so that a key frame is needed.
CUT_S = 4
# What the viewer says of it arrives and is answered.
ANSWERED_S = 20
LIMIT_S = 120
CAUSES = ("unsent", "undecodable")


class Cut:
    """A line on which everything arrives, or nothing."""

    def __init__(self, deliver: Callable[[bytes], None]):
        self.is_cut, self._deliver = False, deliver

    def put(self, datagram: bytes) -> None:
        if not self.is_cut:
            self._deliver(datagram)


class Grain(AiortcEnd):
    """A publisher whose pictures take many packets."""

    def _camera(self) -> MediaStreamTrack:
        return Noise(self.shade)


class Watched(AiortcEnd):
    """A viewer behind a line of its own, of whom it is known when pictures came."""

    def __init__(self, name: str, server_port: int):
        super().__init__(name, 0, 0, "VP8")
        self._server_port, self.shown_at = server_port, []
        self._access: Access[Cut] | None = None

    @property
    def down(self) -> Cut:
        return self._access.down

    def stood_s(self) -> float:
        """How long a picture stayed at the longest."""
        return max((later - sooner for sooner, later in zip(self.shown_at, self.shown_at[1:])), default=0.0)

    async def _negotiate(self, sdp: str, tracks: object) -> str:
        self._access = await Access.open(self._server_port, Cut)
        return self._access.only_way(await super()._negotiate(sdp, tracks))

    async def _watch(self, mid: str, track: MediaStreamTrack) -> None:
        class Timed:
            async def recv(_) -> object:
                frame = await track.recv()
                self.shown_at.append(time.monotonic())
                return frame

        await super()._watch(mid, Timed())

    async def leave(self) -> None:
        await super().leave()
        if self._access:
            self._access.close()


def freezes(metrics_port: int) -> dict[str, float]:
    """How many were counted, by their cause."""
    return {cause: metric(metrics_port, f'parlor_live_freezes_total{{cause="{cause}"}}') for cause in CAUSES}


async def story(own: Server, metrics_port: int) -> None:
    publisher, viewer = Grain("publisher", 60, 500, "VP8"), Watched("viewer", own.port)
    base = f"http://127.0.0.1:{own.http_port}"
    async with attended(publisher, viewer):
        await publisher.publish(f"{base}/whip/live/frozen")
        await viewer.play(f"{base}/whep/live/frozen")
        await until("the viewer sees", lambda: viewer.sees(publisher))
        await asyncio.sleep(QUIET_S)
        quiet, stood_s = await asyncio.to_thread(freezes, metrics_port), viewer.stood_s()
        print(f"      {QUIET_S} s undisturbed: {quiet}, the longest picture {stood_s:.2f} s", flush=True)
        if any(quiet.values()):
            raise Failed(f"nothing was lost, and {quiet} were counted")
        viewer.down.is_cut = True
        await asyncio.sleep(CUT_S)
        viewer.down.is_cut = False
        shown = len(viewer.shown_at)
        deadline = time.monotonic() + ANSWERED_S
        while len(viewer.shown_at) < shown + 20 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        counted, stood_s = await asyncio.to_thread(freezes, metrics_port), viewer.stood_s()
        print(f"      a line cut for {CUT_S} s: {counted}, the longest picture {stood_s:.2f} s", flush=True)
        if stood_s < CUT_S / 2 or len(viewer.shown_at) < shown + 20:
            raise Failed(f"the viewer was shown {len(viewer.shown_at) - shown} pictures after the cut, the longest for {stood_s:.2f} s")
        if not any(counted.values()):
            raise Failed(f"a picture stood for {stood_s:.2f} s, and {counted} were counted")


def a_freeze_is_counted_and_a_good_line_has_none(server: Server) -> None:
    """By a server of its own, since its figures are of all viewers."""
    (metrics_port,) = free_ports(1)
    own = Server(server.binary, settings={"metrics.listen": f"127.0.0.1:{metrics_port}"})
    try:
        asyncio.run(asyncio.wait_for(story(own, metrics_port), LIMIT_S))
    finally:
        own.kill()


CHECKS = [("a freeze of a viewer is counted, and a good line has none", a_freeze_is_counted_and_a_good_line_has_none)]
