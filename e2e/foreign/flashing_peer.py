"""aiortc as an encoder that publishes by WHIP, in a process of its own: `flashing_peer.py URL TONE_HZ [PCMU|PCMA]`. Ends when it is killed.

VP8 that is white for two pictures of every second and black else, and a tone that begins with them; with G.711 it is H.264.
"""

import asyncio
import sys
import time

from member import FRAMES_PER_SECOND, SAMPLES, SAMPLES_PER_SECOND, Picture, Tone, demand
from stream import AiortcEnd, G711End

FLASH_PICTURES = 2
BEEP_FRAMES = 5


class Beginning:
    """The moment of the first picture and the first sound, whichever is asked for first."""

    _at: float | None = None

    def at(self) -> float:
        self._at = self._at or time.monotonic()
        return self._at


class Flash(Picture):
    """Black, and white for the beginning of every second."""

    def __init__(self, beginning: Beginning):
        super().__init__(16)
        self._beginning = beginning

    async def recv(self) -> object:
        self._started = self._beginning.at()
        self._shade = 235 if self._count % FRAMES_PER_SECOND < FLASH_PICTURES else 16
        return await super().recv()


class Beep(Tone):
    """Silence, and a tone for the beginning of every second."""

    def __init__(self, pitch_hz: int, beginning: Beginning):
        super().__init__(pitch_hz)
        self._beginning = beginning

    async def recv(self) -> object:
        self._started = self._beginning.at()
        is_tone = self._count % (SAMPLES_PER_SECOND // SAMPLES) < BEEP_FRAMES
        frame = await super().recv()
        if not is_tone:
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        return frame


class FlashingEnd(AiortcEnd):
    """Publishes both."""

    _beginning = Beginning()

    def _microphone(self) -> Beep:
        return Beep(self.pitch_hz, self._beginning)

    def _camera(self) -> Flash:
        return Flash(self._beginning)


class FlashingTelephone(FlashingEnd, G711End):
    """The same with that sound."""


async def publish(url: str, tone_hz: int, law: str = "") -> None:
    """Until somebody ends it."""
    end = FlashingTelephone("flashing", 0, tone_hz, "H264") if law else FlashingEnd("flashing", 0, tone_hz, "VP8")
    end.law = law
    await end.publish(url)
    await asyncio.Event().wait()


if __name__ == "__main__":
    demand()
    asyncio.run(publish(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
