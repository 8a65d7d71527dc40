"""A member whose end is a process of its own, which speaks lines of JSON: an offer, then states, pictures and sounds; it reads the answer."""

import asyncio
import json
import re
import subprocess

from member import Member
from server import Failed

# A picture is one line at most.
LINE_BYTES = 1 << 20
OFFER_S = 15


class ProcessMember(Member):
    """One such process in a room."""

    over_udp = True

    def __init__(self, name: str, shade: int, pitch_hz: int, codec: str, turn: str | None = None):
        super().__init__(name, shade, pitch_hz, codec, turn)
        self._process: asyncio.subprocess.Process | None = None
        self.states: list[str] = []
        # Whether the data channel is open, and what came by it.
        self.open = False
        self.told_by_data: list[str] = []

    def _command(self, slots: int) -> list[str]:
        """The program with what it is to publish."""
        raise NotImplementedError

    def _shade(self, mid: str, picture: object) -> int | None:
        """The shade of a picture as the process tells it."""
        return picture

    def _pitch(self, sound: object) -> float | None:
        """The pitch of a sound as the process tells it."""
        return sound

    async def meet(self, slots: int) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = await asyncio.create_subprocess_exec(*self._command(slots), limit=LINE_BYTES, **pipes)
        made = asyncio.get_running_loop().create_future()
        self._tasks.append(asyncio.create_task(self._hear_peer(made)))
        offer = await asyncio.wait_for(made, OFFER_S)
        self._slots = offer["pictures"]
        if not self.over_udp and re.search(r"^a=candidate:\S+ \d+ UDP ", offer["offer"], re.MULTILINE):
            raise Failed(f"{self.name} has candidates over UDP")
        await self._order(answer=await self._negotiate(offer["offer"], offer["tracks"]))
        await self._until_connected(lambda: self.states[-1] if self.states else "new")

    async def say_by_data(self, text: str) -> None:
        """Sends a message by data channel."""
        await self._order(say=text)

    async def leave(self) -> None:
        await super().leave()
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _order(self, **line: str) -> None:
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        await self._process.stdin.drain()

    async def _hear_peer(self, made: asyncio.Future) -> None:
        async for line in self._process.stdout:
            match json.loads(line):
                case {"offer": _} as offer:
                    made.set_result(offer)
                case {"state": state}:
                    self.states.append(state)
                case {"seen": [mid, picture]}:
                    if (shade := self._shade(mid, picture)) is not None:
                        self.seen.setdefault(mid, []).append(shade)
                case {"heard": sound}:
                    if (pitch := self._pitch(sound)) is not None:
                        self.heard.append(pitch)
                case {"open": _}:
                    self.open = True
                case {"told": text}:
                    self.told_by_data.append(text)
                case {"error": error}:
                    self.errors.append(error)
