"""`parlor publish` and `parlor play`, whose engine is str0m, in a meeting with GStreamer and aiortc."""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from gst_member import GstMember
from meeting import LIMIT_S, describe, until
from member import Member, Picture, Tone, pitch_of, shade_of
from server import Failed, Server

try:
    import av
except ImportError:
    av = None

SHADE, PITCH_HZ = 150, 450
FILE_S = 3
RECORD_S = 6


async def record(path: Path, codec: str, track: Picture | Tone, frames: int) -> None:
    """A file of what a track gives."""
    with av.open(str(path), "w") as file:
        if track.kind == "video":
            stream = file.add_stream(codec, rate=15, width=320, height=180, pix_fmt="yuv420p")
            stream.options = {"deadline": "realtime", "cpu-used": "8", "g": "15"}
        else:
            stream = file.add_stream(codec, rate=48_000, layout="mono")
        for _ in range(frames):
            file.mux(stream.encode(await track.recv()))
        file.mux(stream.encode(None))


def recorded(folder: Path) -> tuple[set[int], set[int]]:
    """Shades and pitches in all files of a folder, rounded to tens."""
    shades, pitches = set(), set()
    for path in folder.rglob("*"):
        if path.suffix not in (".ivf", ".ogg"):
            continue
        mono = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        with av.open(str(path)) as file:
            for frame in file.decode(file.streams[0]):
                if path.suffix == ".ivf":
                    shades.add(round(shade_of(frame), -1))
                elif (pitch := pitch_of(mono.resample(frame)[0])) is not None:
                    pitches.add(round(pitch, -1))
    return shades, pitches


async def story(server: Server) -> None:
    """All four see and hear each other, as far as they look."""
    members = [GstMember("ana", 60, 300, "VP8"), Member("bo", 120, 600, "VP8")]
    native = SimpleNamespace(name="native", shade=SHADE, pitch_hz=PITCH_HZ)
    room = f"http://127.0.0.1:{server.http_port}/r/native"
    processes = []
    with tempfile.TemporaryDirectory(prefix="parlor-foreign-") as name:
        folder = Path(name)
        video, audio, kept = folder / "camera.ivf", folder / "microphone.ogg", folder / "kept"
        kept.mkdir()
        try:
            await asyncio.gather(
                record(video, "libvpx", Picture(SHADE), 15 * FILE_S),
                record(audio, "libopus", Tone(PITCH_HZ), 50 * FILE_S),
            )
            publish = [server.binary, "publish", room, "--video", video, "--audio", audio, "--name", "native"]
            processes.append(await asyncio.create_subprocess_exec(*publish, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            for one in members:
                await one.join(f"ws://127.0.0.1:{server.http_port}/ws", "native")
            await until("the room moves to the media server", lambda: all(one.mode == "sfu" for one in members))
            for one in members:
                await one.meet(slots=2)
            await until("three publish", lambda: all(sum("camera" in found for found in one.others.values()) == 2 for one in members))
            for one in members:
                await one.watch([uid for uid, found in one.others.items() if "camera" in found])
            play = [server.binary, "play", room, "--record", kept, "--seconds", str(RECORD_S), "--json"]
            player = await asyncio.create_subprocess_exec(*play, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            processes.append(player)
            ana, bo = members
            pairs = [(ana, bo), (bo, ana), (ana, native), (bo, native)]
            await until("everybody sees everybody", lambda: all(one.sees(other) for one, other in pairs))
            await until("everybody hears everybody", lambda: all(one.hears(other) for one, other in pairs))
            said, complained = await asyncio.wait_for(player.communicate(), 4 * RECORD_S)
            if player.returncode != 0:
                raise Failed(f"parlor play ended with {player.returncode}: {complained.decode()}")
            demand_recorded(kept, [ana, bo, native], json.loads(said))
        except Exception as failure:
            raise Failed(f"{type(failure).__name__}: {failure}\n{describe(members)}") from failure
        finally:
            for process in processes:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            await asyncio.gather(*(one.leave() for one in members), return_exceptions=True)


def demand_recorded(kept: Path, members: list[object], outcome: dict[str, object]) -> None:
    """Fails unless everybody's picture and sound is in the files."""
    shades, pitches = recorded(kept)
    for one in members:
        if not any(abs(shade - one.shade) <= 20 for shade in shades) or not any(abs(pitch - one.pitch_hz) <= 40 for pitch in pitches):
            files = [path.name for path in kept.rglob("*")]
            raise Failed(f"{one.name} was not recorded: {shades}, {pitches}, {files}, {outcome}")


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("str0m, GStreamer and aiortc in a meeting", lambda server: asyncio.run(asyncio.wait_for(story(server), LIMIT_S))),
]
