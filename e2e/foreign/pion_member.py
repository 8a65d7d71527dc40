"""A member of a meeting whose end is Pion, in a process of its own (pion_peer/), built from Debian's sources without a network."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import av
from member import FRAMES_PER_SECOND, HEIGHT, WIDTH, pitch_of, shade_of
from process_member import ProcessMember
from server import PASSWORD, USER, Failed

SOURCES = Path(__file__).with_name("pion_peer")
# Where Debian's packages have their Go.
LIBRARIES = "/usr/share/gocode"
PACKAGES = "golang-go golang-github-pion-webrtc.v3-dev"
BUILD_S = 180
# What is sent again and again; a key frame each second, for Pion encodes none when it is asked.
FILE_S = 4
PICTURE_BITS_S = 300_000


MAKING = threading.Lock()


class Pion:
    """The program and the files that it sends, in a folder that goes with this process."""

    folder: tempfile.TemporaryDirectory | None = None

    @classmethod
    def program(cls) -> Path:
        return Path(cls.folder.name) / "peer"

    @classmethod
    def picture(cls, shade: int) -> Path:
        """VP8 of one shade with noise in a quarter of it."""
        grey = f"geq=lum='if(lt(X,W/4),random(1)*255,{shade})':cb=128:cr=128"
        source = ["-f", "lavfi", "-i", f"color=size={WIDTH}x{HEIGHT}:rate={FRAMES_PER_SECOND},format=yuv420p,{grey}"]
        encoder = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", str(PICTURE_BITS_S), "-g", str(FRAMES_PER_SECOND)]
        return cls._made(f"{shade}.ivf", [*source, *encoder])

    @classmethod
    def sound(cls, pitch_hz: int) -> Path:
        """Opus of one pitch, a packet a page."""
        source = ["-f", "lavfi", "-i", f"sine=frequency={pitch_hz}:sample_rate=48000,volume=4"]
        return cls._made(f"{pitch_hz}.ogg", [*source, "-c:a", "libopus", "-page_duration", "20000"])

    @classmethod
    def _made(cls, name: str, how: list[str]) -> Path:
        path = Path(cls.folder.name) / name
        # Checks run side by side.
        with MAKING:
            if path.exists():
                return path
            subprocess.run(["ffmpeg", "-v", "error", *how, "-t", str(FILE_S), str(path)], check=True)
        return path


def demand() -> None:
    """Builds the program; fails where something for that is missing."""
    if not shutil.which("go"):
        raise Failed(f"missing: Go and Pion; Debian packages {PACKAGES}")
    Pion.folder = tempfile.TemporaryDirectory(prefix="parlor-pion-")
    # Go finds the packages of Debian by their versions only for sources that lie in a workspace of its old kind.
    workspace = Path(Pion.folder.name) / "go"
    sources = shutil.copytree(SOURCES, workspace / "src" / "pion")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": f"{workspace}:{LIBRARIES}"}
    command = ["go", "build", "-o", str(Pion.program()), "."]
    built = subprocess.run(command, cwd=sources, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_S)
    if built.returncode:
        raise Failed(f"Pion is not built: {built.stdout.decode(errors='replace')}\nDebian packages {PACKAGES}")


class PionMember(ProcessMember):
    """One PeerConnection of Pion in a room."""

    publishes, data = True, False

    def __init__(self, name: str, shade: int, pitch_hz: int, turn: str | None = None):
        super().__init__(name, shade, pitch_hz, "VP8", turn)
        self._decoders: dict[str, av.CodecContext] = {}

    def _command(self, slots: int) -> list[str]:
        wanted = {"slots": slots, "data": self.data}
        if self.publishes:
            wanted |= {"picture": str(Pion.picture(self.shade)), "sound": str(Pion.sound(self.pitch_hz))}
        if self._turn:
            wanted |= {"turn": f"turn:{self._turn}", "username": USER, "credential": PASSWORD}
        return [str(Pion.program()), json.dumps(wanted)]

    def _shade(self, mid: str, picture: str) -> int | None:
        frames = self._decoded(mid, "vp8", picture)
        return shade_of(frames[-1]) if frames else None

    def _pitch(self, sound: list[str]) -> float | None:
        mid, packet = sound
        frames = self._decoded(mid, "libopus", packet)
        return pitch_of(frames[-1]) if frames else None

    def _decoded(self, decoder: str, codec: str, encoded: str) -> list[av.VideoFrame | av.AudioFrame]:
        context = self._decoders.setdefault(decoder, av.CodecContext.create(codec, "r"))
        try:
            return context.decode(av.Packet(base64.b64decode(encoded)))
        except av.error.InvalidDataError:
            # It began between two key frames.
            return []
