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
CLIENT_S = 40
FIRST_PICTURE_S = 1.5


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


def flashing(tone_hz: int, sound_hz: int, channels: int) -> list[str]:
    """ffmpeg's inputs: a picture that is white for a tenth of every second and black else, and a tone in the same tenths.

    There is next to nothing to encode in it, and so next to nothing by which a viewer of WebRTC could guess what its way carries.
    """
    flash = "geq=lum='if(lt(mod(T,1),0.1),235,16)':cb=128:cr=128"
    beep = "|".join([f"if(lt(mod(t,1),0.1),0.5*sin(2*PI*{tone_hz}*t),0)"] * channels)
    picture = f"color=size=64x48:rate={RATE},format=yuv420p,{flash}"
    return ["-v", "error", "-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", f"aevalsrc=exprs='{beep}':s={sound_hz}"]


def ffmpeg_source(url: str, tone_hz: int = 1000, key_frames_s: int = KEY_FRAMES_S) -> list[str]:
    """ffmpeg by RTMP: H.264 with B pictures, and AAC."""
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", str(RATE * key_frames_s)]
    return ["ffmpeg", *flashing(tone_hz, 44100, 1), *video, "-c:a", "aac", "-f", "flv", url]


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
    ("the first picture of a live stream comes at once", the_first_picture_comes_at_once),
    ("GStreamer publishes RTMP and plays HTTP-FLV and RTMP", gstreamer_publishes_and_plays),
]
