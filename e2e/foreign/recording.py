"""Recordings as other people's players see them: what a server left behind that was killed while it recorded, what one finished, and what came by WebRTC."""

import json
import shutil
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from live import CLIENT_S, ffmpeg_source, run
from matrix import INPUTS, SETTLED_S, Input
from played import PLAYED_S, played
from server import Failed, Server, free_ports, metric

RECORDED_S = 4
# A picture of ffmpeg's encoder lasts 40 ms; what is in the last fragment is lost.
LOST_S = 2.5
# Between where pictures and sounds begin.
APART_S = 0.1
# What a publisher by WebRTC begins with second may begin later, at its time.
BEGINNING_S = 1
# A player looks at six seconds of it: ffmpeg's from the beginning, aiortc's once its reports are right.
WEBRTC_RECORDED_S = SETTLED_S + PLAYED_S + 2


def demand_whole(path: Path, seconds: float, apart_s: float = APART_S) -> None:
    """Fails unless ffprobe finds both tracks so long and beside each other, and ffmpeg decodes every frame without a word."""
    # Not the duration that a file tells: a Matroska file that nobody completed tells none.
    entries = "packet=pts_time:stream=codec_type,start_time"
    told = run(["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, str(path)])
    report = json.loads(told.stdout or "{}")
    starts = {stream["codec_type"]: float(stream["start_time"]) for stream in report.get("streams", [])}
    lasts = max((float(packet["pts_time"]) for packet in report.get("packets", [])), default=0)
    if told.stderr or sorted(starts) != ["audio", "video"]:
        raise Failed(f"ffprobe sees {starts} in {path}:\n{told.stderr}")
    if abs(starts["audio"] - starts["video"]) > apart_s or lasts < seconds:
        raise Failed(f"{path} lasts {lasts} s instead of {seconds} s, its tracks begin at {starts}")
    decoded = run(["ffmpeg", "-v", "error", "-xerror", "-i", str(path), "-f", "null", "-"])
    # Not of the file: its encoders count in samples and in pictures at one rate.
    errors = [line for line in decoded.stderr.splitlines() if "non monotonically increasing dts to muxer" not in line]
    if decoded.returncode != 0 or errors:
        raise Failed(f"ffmpeg decodes {path} with\n{decoded.stderr}")


def recorded(folder: Path) -> Path | None:
    """The one recording in a folder."""
    found = list(folder.glob("live/*"))
    return found[0] if len(found) == 1 else None


def wait_until_recorded(folder: Path, bytes_min: int) -> Path:
    """The recording, once it has so many bytes."""
    deadline = time.monotonic() + CLIENT_S
    while time.monotonic() < deadline:
        path = recorded(folder)
        if path and path.stat().st_size >= bytes_min:
            return path
        time.sleep(0.05)
    raise Failed(f"{folder} has {list(folder.rglob('*'))}")


def a_killed_server_leaves_playable_recordings(server: Server) -> None:
    """Of each format: killed with SIGKILL in mid-recording, looked at as it is, and again after the next start."""
    for wanted in ("mp4", "matroska", "flv"):
        folder = Path(tempfile.mkdtemp(prefix="parlor-recordings-"))
        settings = {"recording.folder": str(folder), "recording.streams": '["*"]', "recording.format": wanted}
        own = Server(server.binary, settings=settings)
        command = ffmpeg_source(f"rtmp://127.0.0.1:{own.rtmp_port}/live/{uuid.uuid4().hex}")
        encoder = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until_recorded(folder, 1)
            time.sleep(RECORDED_S)
        finally:
            own.kill()
            encoder.kill()
            encoder.wait()
        path = recorded(folder)
        if not path:
            raise Failed(f"{folder} has {list(folder.rglob('*'))}")
        demand_whole(path, RECORDED_S - LOST_S)
        again = Server(server.binary, settings=settings)
        try:
            again.stop()
        finally:
            again.kill()
        demand_whole(path, RECORDED_S - LOST_S)
        shutil.rmtree(folder)


def gstreamer_plays_a_recording(server: Server) -> None:
    """Finished when the encoder has gone."""
    folder = Path(tempfile.mkdtemp(prefix="parlor-recordings-"))
    own = Server(server.binary, settings={"recording.folder": str(folder), "recording.streams": '["*"]'})
    source = ffmpeg_source(f"rtmp://127.0.0.1:{own.rtmp_port}/live/{uuid.uuid4().hex}")
    try:
        run([*source[:-1], "-t", str(RECORDED_S), source[-1]])
        own.stop()
    finally:
        own.kill()
    path = recorded(folder)
    if not path:
        raise Failed(f"{folder} has {list(folder.rglob('*'))}")
    demand_whole(path, RECORDED_S - 0.2)
    video = "demux.video_0 ! queue ! h264parse ! openh264dec ! fakesink sync=false"
    audio = "demux.audio_0 ! queue ! aacparse ! fakesink sync=false"
    played = run(["gst-launch-1.0", "-q", *f"filesrc location={path} ! qtdemux name=demux {video} {audio}".split()])
    if played.returncode != 0 or "ERROR" in played.stderr:
        raise Failed(f"GStreamer ended with {played.returncode}:\n{played.stdout}{played.stderr}")
    shutil.rmtree(folder)


def codecs(path: Path) -> list[str]:
    """Of its tracks."""
    told = run(["ffprobe", "-v", "error", "-of", "json", "-show_entries", "stream=codec_name", str(path)])
    return sorted(stream["codec_name"] for stream in json.loads(told.stdout)["streams"])


def transcoded_frames(metrics_port: int) -> float:
    """Of sound that became AAC."""
    return metric(metrics_port, 'parlor_live_transcoded_frames_total{to="aac"}')


def record_by_whip(server: Server, source: Input, wanted: str, extension: str, sound: str = "opus") -> None:
    """A publisher whose picture and sound flash together, recorded while nobody plays it."""
    folder = Path(tempfile.mkdtemp(prefix="parlor-recordings-"))
    (metrics_port,) = free_ports(1)
    settings = {"recording.folder": str(folder), "recording.streams": '["*"]', "recording.format": wanted}
    own = Server(server.binary, settings={**settings, "metrics.listen": f"127.0.0.1:{metrics_port}"})
    publisher = subprocess.Popen(source.command(own, source), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_recorded(folder, 1)
        time.sleep(WEBRTC_RECORDED_S)
        transcoded = transcoded_frames(metrics_port)
        publisher.terminate()
        publisher.wait()
        own.stop()
    finally:
        publisher.kill()
        publisher.wait()
        own.kill()
    path = recorded(folder)
    if not path or path.suffix != extension:
        raise Failed(f"{folder} has {list(folder.rglob('*'))}")
    if codecs(path) != sorted([source.codec.lower(), sound]) or (transcoded > 0) != (sound == "aac"):
        raise Failed(f"{path} has {codecs(path)}, and {transcoded} frames of sound were transcoded")
    demand_whole(path, WEBRTC_RECORDED_S - LOST_S, BEGINNING_S)
    settled_s = SETTLED_S if source.codec == "VP8" else 0
    measured = played(str(path), source.player, settled_s).measure(source.tone_hz, source.rate_hz * (PLAYED_S - 1))
    print(f"      {wanted:8} {source.name}: {measured}", flush=True)
    shutil.rmtree(folder)


def what_comes_by_webrtc_is_recorded_as_it_came(server: Server) -> None:
    """H.264 in both kinds of file, VP8 in the one that has a place for it; Opus in all."""
    by_codec = {source.codec: source for source in INPUTS if source.name.startswith("WHIP")}
    for codec, wanted, extension in (("H264", "auto", ".mp4"), ("H264", "matroska", ".mkv"), ("VP8", "auto", ".webm")):
        record_by_whip(server, by_codec[codec], wanted, extension)


CHECKS = [
    ("what comes by WebRTC is recorded as it came", what_comes_by_webrtc_is_recorded_as_it_came),
    ("a killed server leaves playable recordings", a_killed_server_leaves_playable_recordings),
    ("GStreamer plays a recording", gstreamer_plays_a_recording),
]
