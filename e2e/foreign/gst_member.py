"""A member of a meeting whose end is GStreamer's webrtcbin, in a process of its own (gst_peer.py)."""

import asyncio
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

from member import Member
from server import PASSWORD, USER, Failed

# Debian's own: GStreamer's bindings belong to it and to no other Python on the path.
PYTHON = "/usr/bin/python3"
PEER = Path(__file__).with_name("gst_peer.py")
ELEMENTS = ["webrtcbin", "nicesrc", "dtlsenc", "srtpenc", "vp8enc", "openh264enc", "x265enc", "avdec_h265", "opusenc", "mulawenc", "alawenc"]
PACKAGES = (
    "python3-gi gir1.2-gst-plugins-bad-1.0 gir1.2-nice-0.1 gstreamer1.0-tools gstreamer1.0-nice "
    "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"
)


def demand() -> None:
    """Fails where the client is missing."""
    try:
        probe = "import gi; [gi.require_version(*v) for v in (('Gst', '1.0'), ('GstWebRTC', '1.0'), ('Nice', '0.1'))]"
        subprocess.run([PYTHON, "-c", probe], check=True, capture_output=True)
        for element in ELEMENTS:
            subprocess.run(["gst-inspect-1.0", element], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"missing: GStreamer with webrtcbin ({error}); Debian packages {PACKAGES}") from error


class GstMember(Member):
    """One webrtcbin in a room."""

    def __init__(self, name: str, shade: int, pitch_hz: int, codec: str, transport: str = "udp", turn: str | None = None, sound: str = "OPUS"):
        super().__init__(name, shade, pitch_hz, codec, turn)
        relay = turn and f"turn://{USER}:{quote(PASSWORD)}@{turn}"
        self._wanted = {"codec": codec, "shade": shade, "pitch": pitch_hz, "sound": sound, "transport": transport, "turn": relay}
        self._process: asyncio.subprocess.Process | None = None
        self.states: list[str] = []

    async def meet(self, slots: int) -> None:
        wanted = json.dumps({**self._wanted, "slots": slots})
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = await asyncio.create_subprocess_exec(PYTHON, str(PEER), wanted, limit=1 << 20, **pipes)
        made = asyncio.get_running_loop().create_future()
        self._tasks.append(asyncio.create_task(self._hear_peer(made)))
        offer = await asyncio.wait_for(made, 15)
        self._slots = offer["pictures"]
        if self._wanted["transport"] == "tcp" and re.search(r"^a=candidate:\S+ \d+ UDP ", offer["offer"], re.MULTILINE):
            raise Failed(f"{self.name} has candidates over UDP")
        answer = await self._negotiate(offer["offer"], offer["tracks"])
        self._process.stdin.write(json.dumps({"answer": answer}).encode() + b"\n")
        await self._process.stdin.drain()
        await self._until_connected(lambda: self.states[-1] if self.states else "new")

    async def leave(self) -> None:
        await super().leave()
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _hear_peer(self, made: asyncio.Future) -> None:
        async for line in self._process.stdout:
            match json.loads(line):
                case {"offer": _} as offer:
                    made.set_result(offer)
                case {"state": state}:
                    self.states.append(state)
                case {"seen": [mid, shade]}:
                    self.seen.setdefault(mid, []).append(shade)
                case {"heard": pitch}:
                    self.heard.append(pitch)
                case {"error": error}:
                    self.errors.append(error)
