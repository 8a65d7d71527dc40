"""OBS Studio publishes RTMP, as a person has set it up: server, stream key, a scene with a film. Debian's has no WHIP.

Its own recording of what it sends says how far sound and pictures are apart in OBS already: its players of files let sound come first.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live import RATE, flashing, run
from live_back import outputs
from matrix import Input, by_whep
from played import PLAYED_S, SOUND_HZ, Played, played
from server import Failed, Server

WIDTH, HEIGHT = 320, 180
FILM_S = 90
KEY_FRAMES_S = 2
START_S = 30
END_S = 5
# Where its recording is looked at: it comes and goes by some 50 ms within a film.
LOOKED_AT_S = (0, 5, 10, 15)
# A stranger's name for all that OBS keeps apart: a profile and a collection of scenes.
SET = "parlor"
GLOBAL = """[General]
FirstRun=true
LastVersion=486539266

[Basic]
Profile={set}
ProfileDir={set}
SceneCollection={set}
SceneCollectionFile={set}
"""
# The recording gets what the encoder made for the stream.
BASIC = """[General]
Name={set}

[Video]
BaseCX={width}
BaseCY={height}
OutputCX={width}
OutputCY={height}
FPSType=1
FPSInt={rate}

[Audio]
SampleRate={sound_hz}
ChannelSetup=Stereo

[Output]
Mode=Advanced

[AdvOut]
Encoder=obs_x264
TrackIndex=1
RecType=Standard
RecFilePath={kept}
RecFormat=mkv
RecEncoder=none
"""
# As the documentation says: browsers cannot show B pictures.
ENCODER = {"rate_control": "CBR", "bitrate": 600, "keyint_sec": KEY_FRAMES_S, "preset": "ultrafast", "x264opts": "bframes=0"}
PROGRAM = ["obs", "--startstreaming", "--startrecording", "--multi", "--disable-updater", "--disable-missing-files-check", "--collection", SET, "--profile", SET]


def demand() -> None:
    """Fails if a program is missing."""
    for program in ("obs", "Xvfb"):
        if not shutil.which(program):
            raise Failed(f"{program} is not installed (Debian packages obs-studio and xvfb)")


def film(path: Path, tone_hz: int) -> None:
    """What the scene shows and lets hear."""
    inputs = [option for option in flashing(tone_hz, SOUND_HZ, 2) if option != "-re"]
    coded = ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(RATE), "-c:a", "pcm_s16le"]
    made = run(["ffmpeg", *inputs, "-t", str(FILM_S), *coded, str(path)])
    if made.returncode != 0:
        raise Failed(f"ffmpeg made no film:\n{made.stderr}")


def scene(film_at: Path) -> dict[str, object]:
    """One scene, whose whole is the film."""
    source = {"id": "ffmpeg_source", "name": "film", "mixers": 255, "settings": {"is_local_file": True, "local_file": str(film_at), "restart_on_activate": False}}
    # Stretched over the canvas.
    item = {"name": "film", "id": 1, "visible": True, "align": 5, "bounds_type": 1, "bounds": {"x": WIDTH, "y": HEIGHT}}
    shown = {"id": "scene", "name": "Scene", "settings": {"id_counter": 1, "items": [item]}}
    return {"name": SET, "current_scene": "Scene", "current_program_scene": "Scene", "scene_order": [{"name": "Scene"}], "sources": [source, shown]}


def set_up(folder: Path, server: str, key: str, tone_hz: int) -> None:
    """The files that OBS keeps of what somebody chose in it."""
    studio, film_at = folder / "obs-studio", folder / "film.mkv"
    profile, scenes, kept = studio / "basic/profiles" / SET, studio / "basic/scenes", folder / "kept"
    for each in (profile, scenes, kept):
        each.mkdir(parents=True)
    film(film_at, tone_hz)
    (studio / "global.ini").write_text(GLOBAL.format(set=SET))
    (profile / "basic.ini").write_text(BASIC.format(set=SET, width=WIDTH, height=HEIGHT, rate=RATE, sound_hz=SOUND_HZ, kept=kept))
    (profile / "streamEncoder.json").write_text(json.dumps(ENCODER))
    (profile / "service.json").write_text(json.dumps({"type": "rtmp_custom", "settings": {"server": server, "key": key}}))
    (scenes / f"{SET}.json").write_text(json.dumps(scene(film_at)))


@contextmanager
def on_screen(folder: Path) -> Iterator[str]:
    """A screen that nobody sees; its name. It takes the first number that is free."""
    reading, writing = os.pipe()
    with (folder / "screen.log").open("w") as log:
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
        screen = subprocess.Popen(command, pass_fds=[writing], stdout=log, stderr=log)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise Failed(f"Xvfb has no screen:\n{(folder / 'screen.log').read_text()}")
        yield f":{number}"
    finally:
        screen.kill()
        screen.wait()


@contextmanager
def streaming(folder: Path, server: str, key: str, tone_hz: int) -> Iterator[None]:
    """OBS, which runs meanwhile."""
    set_up(folder, server, key, tone_hz)
    # It would ask the Internet for a list of services: that is sent where nobody is.
    apart = {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "LIBGL_ALWAYS_SOFTWARE": "1", "https_proxy": "http://127.0.0.1:9"}
    said = folder / "obs.log"
    with on_screen(folder) as screen, said.open("w") as log:
        studio = subprocess.Popen(PROGRAM, env={**os.environ, **apart, "DISPLAY": screen}, stdout=log, stderr=log, start_new_session=True)
        try:
            yield
        except Exception as failure:
            raise Failed(f"{failure}\n--- OBS said ---\n{said.read_text(errors='replace')[-6000:]}") from failure
        finally:
            end(studio)


def end(studio: subprocess.Popen[bytes]) -> None:
    """With what it has started for its recording: that ends by itself, and the file with it."""
    studio.kill()
    studio.wait()
    deadline = time.monotonic() + END_S
    while time.monotonic() < deadline:
        try:
            os.killpg(studio.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.killpg(studio.pid, signal.SIGKILL)


def wait_on_air(url: str) -> None:
    """Until a player finds pictures and sound there."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        found = run(["ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "stream=codec_name", url]).stdout.split()
        if sorted(found) == ["aac", "h264"]:
            return
        time.sleep(0.5)
    raise Failed(f"{url}: not on air within {START_S} s")


def obs_is_played(server: Server) -> None:
    """By FLV, by HLS, and by aiortc with WebRTC."""
    source = Input("OBS", "H264", 1300, RATE, "ffmpeg", lambda *_: PROGRAM)
    ways = outputs(server, source.stream)
    with tempfile.TemporaryDirectory(prefix="parlor-obs-") as name:
        folder = Path(name)
        with streaming(folder, f"rtmp://127.0.0.1:{server.rtmp_port}/live", source.stream, source.tone_hz):
            wait_on_air(ways["HTTP-FLV"])
            got = {way: played(ways[way]) for way in ("HTTP-FLV", "HLS, MP4")}
            got["WHEP"] = by_whep(server, source)
        [kept] = (folder / "kept").glob("*.mkv")
        skews = [skew for skip_s in LOOKED_AT_S for skew in played(str(kept), skip_s=skip_s).skews_ms()]
        own = min(skews), max(skews)
        for way, played_by_it in got.items():
            told = played_by_it.measure(source.tone_hz, (PLAYED_S - 1) * RATE, own)
            print(f"      {way:10} {told}, OBS itself {own[0]:+.0f}..{own[1]:+.0f}", flush=True)


CHECKS = [("OBS publishes RTMP, played by FLV, HLS and WebRTC, in step", obs_is_played)]
