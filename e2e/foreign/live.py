"""Encoders and players that others wrote: ffmpeg, ffprobe and GStreamer publish RTMP, and play RTMP and HTTP-FLV."""

import json
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from server import Failed, Server

RATE = 25
# Between key frames. Players begin at the latest one, so the first picture waits for no other.
KEY_FRAMES_S = 4
PLAYED_S = 6
CLIENT_S = 40
FIRST_PICTURE_S = 1.5
SKEW_MS = 40
FLASHES_MIN = 3


def demand() -> None:
    """Fails if a client is missing."""
    for program in ("ffmpeg", "ffprobe", "gst-launch-1.0"):
        if not shutil.which(program):
            raise Failed(f"{program} is not installed")


def run(command: list[str], seconds: float = CLIENT_S) -> subprocess.CompletedProcess[str]:
    """A client, to its end."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{' '.join(command)}\ndid not end within {seconds} s:\n{late.stderr!r}") from late


@contextmanager
def publishing(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """An encoder that runs meanwhile."""
    encoder = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(encoder.stdout), daemon=True)
    reader.start()
    try:
        yield encoder
        if encoder.poll() not in (None, 0):
            raise Failed(f"{command[0]} ended with {encoder.returncode}:\n{''.join(lines)}")
    finally:
        encoder.kill()
        encoder.wait()


def ffmpeg_source(url: str) -> list[str]:
    """A picture that is white for a tenth of every second and black else, and a tone in the same tenths."""
    flash = "geq=lum='if(lt(mod(T,1),0.1),235,16)':cb=128:cr=128"
    beep = "aevalsrc=exprs='if(lt(mod(t,1),0.1),0.5*sin(2*PI*1000*t),0)':s=44100"
    picture = f"color=size=64x48:rate={RATE},format=yuv420p,{flash}"
    return [
        *["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", beep],
        *["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", str(RATE * KEY_FRAMES_S)],
        *["-c:a", "aac", "-f", "flv", url],
    ]


def gstreamer_source(url: str) -> list[str]:
    """A test picture and a tone."""
    video = f"videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate={RATE}/1 ! openh264enc gop-size={RATE}"
    audio = "audiotestsrc is-live=true ! audioconvert ! voaacenc ! aacparse"
    pipeline = f"flvmux name=mux streamable=true ! rtmp2sink location={url} {video} ! h264parse ! mux. {audio} ! mux."
    return ["gst-launch-1.0", "-q", *pipeline.split()]


def urls(server: Server, name: str) -> tuple[str, list[str]]:
    """Where to publish, and where to play."""
    rtmp = f"rtmp://127.0.0.1:{server.rtmp_port}/live/{name}"
    return rtmp, [rtmp, f"http://127.0.0.1:{server.http_port}/live/{name}.flv"]


def demand_played(url: str) -> None:
    """Plays for some seconds and demands that pictures and sounds decode, in time with each other."""
    filters = "[0:v]signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=-[v];[0:a]astats=metadata=1:reset=1:length=0.01,ametadata=mode=print:key=lavfi.astats.Overall.RMS_level:file=-[a]"
    command = ["ffmpeg", "-v", "error", "-i", url, "-t", str(PLAYED_S), "-filter_complex", filters]
    played = run([*command, "-map", "[v]", "-map", "[a]", "-f", "null", "-"])
    if played.returncode != 0 or played.stderr.strip():
        raise Failed(f"{url}: ffmpeg ended with {played.returncode}:\n{played.stderr}")
    flashes, beeps, pictures = edges(played.stdout)
    if pictures < (PLAYED_S - 1) * RATE:
        raise Failed(f"{url}: {pictures} pictures in {PLAYED_S} s")
    # The first may have begun before we came.
    skews = [min((beep - flash for beep in beeps), key=abs, default=9.0) * 1000 for flash in flashes[1:]]
    if len(skews) < FLASHES_MIN or max(map(abs, skews)) > SKEW_MS:
        raise Failed(f"{url}: flashes at {flashes}, beeps at {beeps}: ms apart {skews}")


def edges(printed: str) -> tuple[list[float], list[float], int]:
    """When it became bright, when it became loud, and how many pictures there were."""
    at, bright, loud, pictures = 0.0, False, False, 0
    flashes, beeps = [], []
    for line in printed.splitlines():
        if "pts_time:" in line:
            at = float(line.split("pts_time:")[1].split()[0])
        elif "YAVG=" in line:
            pictures += 1
            was, bright = bright, float(line.split("=")[1]) > 128
            if bright and not was:
                flashes.append(at)
        elif "RMS_level=" in line:
            level = line.split("=")[1]
            was, loud = loud, level != "-inf" and float(level) > -30
            if loud and not was:
                beeps.append(at)
    return flashes, beeps, pictures


def ffmpeg_publishes_and_plays(server: Server) -> None:
    """By RTMP and by HTTP-FLV: pictures, sounds, and both at once."""
    rtmp, outputs = urls(server, f"f{uuid.uuid4().hex}")
    with publishing(ffmpeg_source(rtmp)):
        for url in outputs:
            demand_played(url)


def the_first_picture_comes_at_once(server: Server) -> None:
    """In the middle of four seconds without a key frame."""
    rtmp, outputs = urls(server, f"k{uuid.uuid4().hex}")
    with publishing(ffmpeg_source(rtmp)):
        run(["ffprobe", "-v", "error", outputs[0]])
        for url in outputs:
            began = time.monotonic()
            options = ["-probesize", "32768", "-analyzeduration", "0"]
            seen = run(["ffmpeg", "-v", "error", *options, "-i", url, "-map", "0:v", "-frames:v", "1", "-f", "null", "-"])
            took = time.monotonic() - began
            if seen.returncode != 0 or took > FIRST_PICTURE_S:
                raise Failed(f"{url}: the first picture took {took:.2f} s\n{seen.stderr}")


def gstreamer_publishes_and_plays(server: Server) -> None:
    """rtmp2sink to us; what ffprobe says of it; flvdemux from us."""
    rtmp, outputs = urls(server, f"g{uuid.uuid4().hex}")
    with publishing(gstreamer_source(rtmp)):
        told = run(["ffprobe", "-v", "error", "-of", "json", "-show_entries", "stream=codec_name,width,height", outputs[1]])
        streams = sorted((s["codec_name"], s.get("width", 0)) for s in json.loads(told.stdout or "{}").get("streams", []))
        if streams != [("aac", 0), ("h264", 64)]:
            raise Failed(f"ffprobe sees {streams}:\n{told.stderr}")
        for source in (f"souphttpsrc location={outputs[1]}", f"rtmp2src location={rtmp}"):
            video = "demux.video ! queue ! h264parse ! openh264dec ! fakesink num-buffers=50 sync=false"
            command = ["gst-launch-1.0", "-q", *f"{source} ! flvdemux name=demux {video}".split()]
            played = run(command)
            if played.returncode != 0 or "ERROR" in played.stderr:
                raise Failed(f"{' '.join(command)}\nended with {played.returncode}:\n{played.stdout}{played.stderr}")


CHECKS = [
    ("ffmpeg publishes RTMP and plays RTMP and HTTP-FLV", ffmpeg_publishes_and_plays),
    ("the first picture of a live stream comes at once", the_first_picture_comes_at_once),
    ("GStreamer publishes RTMP and plays HTTP-FLV and RTMP", gstreamer_publishes_and_plays),
]
