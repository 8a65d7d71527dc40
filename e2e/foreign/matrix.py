"""Every way into a live stream with every way out of it: pictures decode, the tone is the one that was sent, and both are in step.

A table tells of each pair how many pictures there were, the tone in Hz, and by how many ms the sound came after the picture.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from flv_vp8 import played_vp8
from live import CLIENT_S, RATE, ffmpeg_source, flashing, publishing
from live_back import outputs
from member import FRAMES_PER_SECOND, shade_of
from played import BRIGHT, PLAYED_S, SOUND_HZ, Played, demand_tone, played
from server import Failed, Server
from stream import AiortcEnd
from websockets.sync.client import connect

# Debian's knows neither WHIP nor all of Enhanced RTMP.
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
# What players ask of the machine at once.
SIDE_BY_SIDE = 12
# A player of WebRTC waits for a key frame, and needs a sender's report.
WATCHED_S = 9
# What aiortc first reports of its clock is late by what its encoder takes to begin, 40 ms on a busy machine.
SETTLED_S = 3
# What aiortc has, and what a transport stream has no place for.
OFFERED = {"H264", "VP8"}
NOT_IN_TRANSPORT_STREAMS = {"VP8", "VP9", "AV1"}
NTP_FRACTION = 1 << 32
RTP_WRAP = 1 << 32


@dataclass(frozen=True)
class Input:
    """A publisher: the codec of its pictures, its tone, and the program that decodes what it sends."""

    name: str
    codec: str
    tone_hz: int
    rate_hz: int
    player: str
    command: Callable[[Server, "Input"], list[str]]
    has_b_pictures: bool = False

    @property
    def stream(self) -> str:
        return f"matrix-{self.tone_hz}"


class Refused(Exception):
    """A pair that cannot be, and was answered so as the documentation says."""


def h264_by_rtmp(server: Server, source: Input) -> list[str]:
    """With B pictures."""
    return ffmpeg_source(outputs(server, source.stream)["RTMP"], source.tone_hz, key_frames_s=1)


def by_enhanced_rtmp(*video: str) -> Callable[[Server, Input], list[str]]:
    """A younger ffmpeg encodes the pictures with these options."""

    def command(server: Server, source: Input) -> list[str]:
        url = outputs(server, source.stream)["RTMP"]
        return [FFMPEG, *flashing(source.tone_hz, 44100, 1), "-c:v", *video, "-c:a", "aac", "-f", "flv", url]

    return command


def h264_by_whip(server: Server, source: Input) -> list[str]:
    """Without B pictures, as WebRTC has none."""
    video = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-g", str(RATE)]
    url = f"http://127.0.0.1:{server.http_port}/whip/live/{source.stream}"
    return [FFMPEG, *flashing(source.tone_hz, SOUND_HZ, 2), *video, "-c:a", "libopus", "-b:a", "64k", "-f", "whip", url]


def vp8_by_whip(server: Server, source: Input) -> list[str]:
    """In a process of its own, so that what is measured here does not hold it up."""
    peer = str(Path(__file__).with_name("flashing_peer.py"))
    return [sys.executable, peer, f"http://127.0.0.1:{server.http_port}/whip/live/{source.stream}", str(source.tone_hz)]


H265 = ["libx265", "-preset", "ultrafast", "-x265-params", f"keyint={RATE}:bframes=0:log-level=none"]
VP9 = ["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", str(RATE)]
AV1 = ["libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-g", str(RATE)]
INPUTS = [
    Input("RTMP H.264+AAC", "H264", 800, RATE, "ffmpeg", h264_by_rtmp, has_b_pictures=True),
    Input("RTMP H.265+AAC", "H265", 1000, RATE, FFMPEG, by_enhanced_rtmp(*H265)),
    Input("RTMP VP9+AAC", "VP9", 600, RATE, FFMPEG, by_enhanced_rtmp(*VP9)),
    Input("RTMP AV1+AAC", "AV1", 1800, RATE, FFMPEG, by_enhanced_rtmp(*AV1)),
    Input("WHIP H.264+Opus", "H264", 1200, RATE, "ffmpeg", h264_by_whip),
    Input("WHIP VP8+Opus", "VP8", 1500, FRAMES_PER_SECOND, FFMPEG, vp8_by_whip),
]


def by_url(way: str) -> Callable[[Server, Input], Played]:
    """ffmpeg plays."""
    return lambda server, source: played(outputs(server, source.stream)[way], source.player)


def by_websocket(server: Server, source: Input) -> Played:
    """FLV by a WebSocket, as a file."""
    pieces = bytearray()
    with connect(f"ws://127.0.0.1:{server.http_port}/live/{source.stream}.flv", max_size=None) as socket:
        deadline = time.monotonic() + PLAYED_S + 1
        while (left := deadline - time.monotonic()) > 0:
            try:
                pieces += socket.recv(timeout=left)
            except TimeoutError:
                break
    return played_flv(bytes(pieces), source)


def played_flv(data: bytes, source: Input) -> Played:
    """VP8 in FLV is unknown to ffmpeg."""
    if source.codec == "VP8":
        return played_vp8(data)
    with tempfile.NamedTemporaryFile(suffix=".flv") as file:
        file.write(data)
        file.flush()
        return played(file.name, source.player)


def by_flv(way: str) -> Callable[[Server, Input], Played]:
    """ffmpeg plays; or it only reads what comes, where it cannot decode it."""

    def look(server: Server, source: Input) -> Played:
        url = outputs(server, source.stream)[way]
        if source.codec != "VP8":
            return played(url, source.player)
        copy = [FFMPEG, "-v", "error", "-f", "data", "-i", url, "-map", "0", "-c", "copy", "-f", "data", "-flush_packets", "1", "pipe:1"]
        try:
            ended = subprocess.run(copy, capture_output=True, timeout=PLAYED_S + 1)
        except subprocess.TimeoutExpired as read:
            return played_vp8(read.stdout or b"")
        raise Failed(f"{url} ended with {ended.returncode}: {ended.stderr!r}")

    return look


def by_transport_stream(server: Server, source: Input) -> Played:
    """ffmpeg plays; what has no place there is refused with a status that says why."""
    url = outputs(server, source.stream)["HTTP-TS"]
    if source.codec not in NOT_IN_TRANSPORT_STREAMS:
        return played(url, source.player)
    try:
        with urllib.request.urlopen(url, timeout=CLIENT_S):
            raise Failed(f"{url} has {source.codec} in a transport stream")
    except urllib.error.HTTPError as error:
        code = json.load(error)["code"]
        if (error.code, code) != (406, "not-acceptable"):
            raise Failed(f"{url}: {error.code} {code}") from error
        raise Refused(f"refused: {error.code} {code}") from error


class Viewer(AiortcEnd):
    """Keeps the times of pictures and sounds, and the sender reports that put both on one clock, as browsers do to play them in step."""

    def __init__(self, codec: str):
        super().__init__("viewer", 0, 0, codec)
        self.pictures: list[tuple[int, bool]] = []
        self.sounds: list[tuple[int, array]] = []
        self._reports: dict[str, tuple[int, int]] = {}

    async def play(self, url: str) -> None:
        await super().play(url)
        for receiver in self._pc.getReceivers():
            self._listen_to_reports(receiver)

    def _listen_to_reports(self, receiver: object) -> None:
        kind, handle = receiver.track.kind, receiver._handle_rtcp_packet

        async def note(packet: object) -> None:
            if hasattr(packet, "sender_info"):
                self._reports[kind] = (packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
            await handle(packet)

        receiver._handle_rtcp_packet = note

    def _clock(self, kind: str, rate_hz: int) -> Callable[[int], float]:
        """From a frame's time, which aiortc counts from the first packet, to the sender's seconds."""
        receiver = next(one for one in self._pc.getReceivers() if one.track.kind == kind)
        if kind not in self._reports:
            raise Failed(f"no sender report for {kind}")
        ntp, rtp_at = self._reports[kind]
        origin = receiver._RTCRtpReceiver__timestamp_mapper._origin
        since = lambda pts: (pts + origin - rtp_at + RTP_WRAP // 2) % RTP_WRAP - RTP_WRAP // 2
        return lambda pts: ntp / NTP_FRACTION % 86_400 + since(pts) / rate_hz

    def played(self) -> Played:
        """What has come so far."""
        picture_s, sound_s = self._clock("video", 90_000), self._clock("audio", SOUND_HZ)
        return Played.of([(picture_s(pts), bright) for pts, bright in self.pictures], [(sound_s(pts), levels) for pts, levels in self.sounds])

    async def _watch(self, mid: str, track: object) -> None:
        while True:
            frame = await track.recv()
            self.pictures.append((frame.pts, shade_of(frame) > BRIGHT))

    async def _listen(self, track: object) -> None:
        while True:
            frame = await track.recv()
            levels = array("h", bytes(frame.planes[0])[: frame.samples * 2 * len(frame.layout.channels)])
            self.sounds.append((frame.pts, levels[:: len(frame.layout.channels)]))


    def _prefer_codec(self) -> None:
        # It offers what it has, where the stream's codec is not among that.
        if self._codec in OFFERED:
            super()._prefer_codec()


def by_whep(server: Server, source: Input) -> Played:
    """aiortc plays. It has neither H.265 nor VP9 nor AV1: of such a stream it gets the sound, and no picture that it could not decode."""

    async def story() -> Viewer:
        viewer = Viewer(source.codec)
        try:
            await viewer.play(f"http://127.0.0.1:{server.http_port}/whep/live/{source.stream}")
            await asyncio.sleep(WATCHED_S)
            return viewer
        finally:
            await viewer.end()

    viewer = asyncio.run(story())
    if source.codec in OFFERED:
        return viewer.played()
    heard = demand_tone(array("h", [level for _, levels in viewer.sounds for level in levels]), source.tone_hz)
    if viewer.pictures:
        raise Failed(f"{len(viewer.pictures)} pictures of a codec that was not offered")
    raise Refused(f"no {source.codec} offered: 0 / {heard:.0f}")


def recorded(server: Server, source: Input, folder: Path) -> Played:
    """ffmpeg plays the file."""
    found = list(folder.glob(f"live/{source.stream}.*"))
    if len(found) != 1:
        raise Failed(f"{folder} has {list(folder.rglob('*'))}")
    return played(str(found[0]), source.player, skip_s=SETTLED_S)


WAVES = [
    {"RTMP": by_flv("RTMP"), "HTTP-FLV": by_flv("HTTP-FLV"), "WS-FLV": by_websocket},
    {"HTTP-TS": by_transport_stream, "HLS, TS": by_url("HLS, TS"), "HLS, MP4": by_url("HLS, MP4")},
    {"WHEP": by_whep},
]


WAYS = [*(way for wave in WAVES for way in wave), "recording"]


@dataclass(frozen=True)
class Cell:
    """What is to be said of a pair, and whether it is as it should be."""

    source: Input
    way: str
    told: str
    held: bool


def cell(server: Server, source: Input, way: str, look: Callable[[Server, Input], Played]) -> Cell:
    """Tries a pair."""
    # Of RTMP's pictures two of three are B pictures, which browsers cannot show.
    share = 3 if way == "WHEP" and source.has_b_pictures else 1
    try:
        told = look(server, source).measure(source.tone_hz, (PLAYED_S - 1) * source.rate_hz // share)
    except Refused as reason:
        return Cell(source, way, str(reason), True)
    except Exception as failure:
        return Cell(source, way, f"{type(failure).__name__}: {failure}", False)
    return Cell(source, way, told, True)


def table(cells: list[Cell]) -> str:
    """Rows are inputs, columns outputs."""
    told = {(one.source.name, one.way): one.told if one.held else "FAILED" for one in cells}
    rows = [["pictures / Hz / ms", *WAYS], *([source.name, *(told[source.name, way] for way in WAYS)] for source in INPUTS)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("      " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in rows)


def all_in_all_out(server: Server) -> None:
    """All publish at once; each wave of outputs is captured at once, the recordings last."""
    folder = Path(tempfile.mkdtemp(prefix="parlor-recordings-"))
    own = Server(server.binary, settings={"recording.folder": str(folder), "recording.streams": '["*"]'})
    cells: list[Cell] = []
    try:
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            with ExitStack() as encoders:
                for source in INPUTS:
                    encoders.enter_context(publishing(source.command(own, source)))
                time.sleep(SETTLED_S)
                for wave in WAVES:
                    cells += pool.map(lambda pair: cell(own, *pair), [(source, *named) for source in INPUTS for named in wave.items()])
            own.stop()
            files = lambda server, source: recorded(server, source, folder)
            cells += pool.map(lambda source: cell(own, source, "recording", files), INPUTS)
        print(table(cells), flush=True)
        wrong = [f"{one.source.name}, {one.way}: {one.told}" for one in cells if not one.held]
        if wrong:
            raise Failed("\n".join([*wrong, own.log()]))
    finally:
        own.kill()
        shutil.rmtree(folder, ignore_errors=True)


CHECKS = [("matrix of live streams: every input with every output", all_in_all_out)]
