"""Live streams with aiortc and GStreamer: each publishes by WHIP, both play by WHEP, and the next publisher is seen without another offer."""

import asyncio
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import imageio_ffmpeg
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from gst_member import GstMember
from meeting import describe, until
from member import Member
from server import Failed, Server

# Debian's has no H.265 over RTMP.
H265_FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
LIMIT_S = 60
REQUEST_S = 10
# Four seconds of the encoder's.
LONG_PICTURES = 100
SHADE_ERROR = 25


class Session:
    """One end of a stream: a member of nothing, whose offer goes to a URL."""

    url = ""
    _session = ""

    async def publish(self, url: str) -> None:
        """Sends its picture and tone."""
        self.url = url
        await self.meet(slots=0)

    async def play(self, url: str) -> None:
        """Receives one picture and one sound."""
        self.url = url
        await self.meet(slots=1)

    async def end(self) -> None:
        """Ends the session by its path, and closes everything."""
        if self._session:
            await asyncio.to_thread(request, "DELETE", self._session)
            self._session = ""
        await self.leave()

    async def _negotiate(self, sdp: str, _: object) -> str:
        answer, location = await asyncio.to_thread(request, "POST", self.url, sdp)
        self._session = urljoin(self.url, location)
        return answer


class AiortcEnd(Session, Member):
    """aiortc."""

    async def play(self, url: str) -> None:
        self.url = url
        self._pc = self._connection()
        picture = self._pc.addTransceiver("video", direction="recvonly")
        sound = self._pc.addTransceiver("audio", direction="recvonly")
        self._prefer_codec()
        await self._pc.setLocalDescription(await self._pc.createOffer())
        answer = await self._negotiate(self._pc.localDescription.sdp, [])
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._tasks = [
            asyncio.create_task(self._watch(picture.mid, picture.receiver.track)),
            asyncio.create_task(self._listen(sound.receiver.track)),
        ]
        await self._until_connected(lambda: self._pc.connectionState)

    def _connection(self) -> RTCPeerConnection:
        return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


class G711End(AiortcEnd):
    """aiortc as a telephone: it offers no sound but G.711, PCMU or PCMA."""

    law = "PCMU"

    def _prefer_codec(self) -> None:
        super()._prefer_codec()
        codecs = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType == f"audio/{self.law}"]
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.setCodecPreferences(codecs)


class GstEnd(Session, GstMember):
    """GStreamer. When it plays, its offer has what it could send as well: that is answered as not wanted."""


def request(method: str, url: str, sdp: str | None = None) -> tuple[str, str]:
    """Body and `Location` of the answer."""
    asked = urllib.request.Request(url, method=method, data=sdp.encode() if sdp else None)
    if sdp:
        asked.add_header("Content-Type", "application/sdp")
    try:
        with urllib.request.urlopen(asked, timeout=REQUEST_S) as answer:
            return answer.read().decode(), answer.headers.get("Location", "")
    except urllib.error.HTTPError as error:
        raise Failed(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from error


@asynccontextmanager
async def attended(*ends: "Session | FfmpegEnd") -> AsyncIterator[None]:
    """Ends them all; when something fails before, it is said what each had got."""
    sessions = [one for one in ends if isinstance(one, Session)]
    try:
        yield
    except Exception as failure:
        raise Failed(f"{type(failure).__name__}: {failure}\n{describe(sessions)}") from failure
    finally:
        for encoder in ends:
            if isinstance(encoder, FfmpegEnd):
                encoder.end()
        await asyncio.gather(*(one.end() for one in sessions), return_exceptions=True)


def stream(name: str, make: Callable[[str, str, int, int], Session], codec: str) -> Callable[[Server], None]:
    """A check that a publisher is seen and heard by viewers who came before and after, and the next one as well."""

    async def story(server: Server) -> None:
        first, second = make("first", codec, 60, 500), AiortcEnd("second", 180, 900, codec)
        early, late = AiortcEnd("early", 0, 0, codec), GstEnd("late", 0, 0, codec)
        ends = [first, second, early, late]
        base = f"http://127.0.0.1:{server.http_port}"
        async with attended(*ends):
            await early.play(f"{base}/whep/live/{name}")
            await first.publish(f"{base}/whip/live/{name}")
            await late.play(f"{base}/rtc/v1/whep/?app=live&stream={name}")
            viewers = [early, late]
            await until("both see the first", lambda: all(one.sees(first) for one in viewers))
            await until("both hear the first", lambda: all(one.hears(first) for one in viewers))
            await first.end()
            await second.publish(f"{base}/rtc/v1/whip/?app=live&stream={name}")
            await until("both see the second", lambda: all(one.sees(second) for one in viewers))
            await until("both hear the second", lambda: all(one.hears(second) for one in viewers))

    return lambda server: asyncio.run(asyncio.wait_for(story(server), LIMIT_S))


class FfmpegEnd:
    """ffmpeg, which publishes RTMP: H.264 with B pictures, or H.265, and AAC at 44,100 Hz. A quarter of the picture is noise: it costs what a camera's does."""

    def __init__(self, shade: int, pitch_hz: int, codec: str = "H264"):
        self.shade, self.pitch_hz, self._codec = shade, pitch_hz, codec
        self._encoder: subprocess.Popen[bytes] | None = None

    def publish(self, url: str, key_frames_s: int = 2) -> None:
        picture = f"color=size=320x240:rate=25,format=yuv420p,geq=lum='if(lt(X,W/4),random(1)*255,{self.shade})':cb=128:cr=128"
        tone = f"sine=frequency={self.pitch_hz}:sample_rate=44100,volume=4"
        distance = str(25 * key_frames_s)
        program, video = {
            "H264": ("ffmpeg", ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", distance]),
            "H265": (H265_FFMPEG, ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"keyint={distance}:bframes=0:log-level=none"]),
        }[self._codec]
        self._encoder = subprocess.Popen([
            *[program, "-v", "error", "-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", tone],
            *[*video, "-c:a", "aac", "-f", "flv", url],
        ])

    def end(self) -> None:
        if self._encoder:
            self._encoder.kill()
            self._encoder.wait()
            self._encoder = None


async def rtmp_is_played_by_webrtc(server: Server) -> None:
    """Viewers who came before and after see what comes by RTMP, then what comes by WHIP, then RTMP again, all without another offer."""
    encoder, other = FfmpegEnd(90, 700), AiortcEnd("other", 180, 900, "H264")
    early, late = AiortcEnd("early", 0, 0, "H264"), GstEnd("late", 0, 0, "H264")
    base = f"http://127.0.0.1:{server.http_port}"
    rtmp = f"rtmp://127.0.0.1:{server.rtmp_port}/live/r"
    viewers = [early, late]
    async with attended(encoder, other, *viewers):
        await early.play(f"{base}/whep/live/r")
        encoder.publish(rtmp)
        await until("who came first sees it", lambda: early.sees(encoder) and early.hears(encoder))
        await late.play(f"{base}/whep/live/r")
        await until("both see it", lambda: all(one.sees(encoder) for one in viewers))
        await until("both hear it", lambda: all(one.hears(encoder) for one in viewers))
        encoder.end()
        await other.publish(f"{base}/whip/live/r")
        await until("both see the one by WHIP", lambda: all(one.sees(other) for one in viewers))
        await other.end()
        encoder.publish(rtmp)
        await until("both see RTMP again", lambda: all(one.sees(encoder) for one in viewers))
        await until("both hear RTMP again", lambda: all(one.hears(encoder) for one in viewers))


async def h265_is_played_by_webrtc(server: Server) -> None:
    """GStreamer decodes by WHEP what ffmpeg publishes by Enhanced RTMP, then what another GStreamer publishes by WHIP."""
    encoder, other = FfmpegEnd(90, 700, "H265"), GstEnd("other", 180, 900, "H265")
    early, late = GstEnd("early", 0, 0, "H265"), GstEnd("late", 0, 0, "H265")
    base = f"http://127.0.0.1:{server.http_port}"
    viewers = [early, late]
    async with attended(encoder, other, *viewers):
        await early.play(f"{base}/whep/live/h265")
        encoder.publish(f"rtmp://127.0.0.1:{server.rtmp_port}/live/h265")
        await until("who came first sees it", lambda: early.sees(encoder) and early.hears(encoder))
        await late.play(f"{base}/whep/live/h265")
        await until("both see it", lambda: all(one.sees(encoder) for one in viewers))
        encoder.end()
        await other.publish(f"{base}/whip/live/h265")
        await until("both see the one by WHIP", lambda: all(one.sees(other) for one in viewers))
        await until("both hear the one by WHIP", lambda: all(one.hears(other) for one in viewers))


async def who_comes_long_after_a_key_frame_sees_it_at_once(server: Server) -> None:
    """The next key frame is further away than anybody waits. All pictures since the one before are decoded, and none of them is grey."""
    encoder = FfmpegEnd(90, 700)
    early, late, other = AiortcEnd("early", 0, 0, "H264"), AiortcEnd("late", 0, 0, "H264"), GstEnd("other", 0, 0, "H264")
    ends = [early, late, other]
    url = f"http://127.0.0.1:{server.http_port}/whep/live/long"
    shades = lambda one: [shade for each in one.seen.values() for shade in each]
    async with attended(encoder, *ends):
        await early.play(url)
        encoder.publish(f"rtmp://127.0.0.1:{server.rtmp_port}/live/long", key_frames_s=2 * LIMIT_S)
        await until("it has been on air for a while", lambda: len(shades(early)) > LONG_PICTURES)
        await late.play(url)
        await until("aiortc has seen what came before", lambda: len(shades(late)) > LONG_PICTURES)
        grey = [(index, shade) for index, shade in enumerate(shades(late)) if abs(shade - encoder.shade) > SHADE_ERROR]
        if grey:
            raise Failed(f"not whole: {grey[:10]} of {len(shades(late))} pictures")
        await other.play(url)
        await until("GStreamer sees it", lambda: other.sees(encoder))
        await until("all hear it", lambda: all(one.hears(encoder) for one in ends))


CHECKS = [
    ("stream of ffmpeg by RTMP, whose key frame was long ago", lambda server: asyncio.run(asyncio.wait_for(who_comes_long_after_a_key_frame_sees_it_at_once(server), LIMIT_S))),
    ("stream of ffmpeg by RTMP, played by WebRTC", lambda server: asyncio.run(asyncio.wait_for(rtmp_is_played_by_webrtc(server), LIMIT_S))),
    ("stream of ffmpeg and GStreamer, H.265, played by WebRTC", lambda server: asyncio.run(asyncio.wait_for(h265_is_played_by_webrtc(server), LIMIT_S))),
    ("stream of aiortc, VP8", stream("a", lambda name, codec, *own: AiortcEnd(name, *own, codec), "VP8")),
    ("stream of aiortc, H.264", stream("b", lambda name, codec, *own: AiortcEnd(name, *own, codec), "H264")),
    ("stream of GStreamer, VP8", stream("c", lambda name, codec, *own: GstEnd(name, *own, codec), "VP8")),
    ("stream of GStreamer, H.264", stream("d", lambda name, codec, *own: GstEnd(name, *own, codec), "H264")),
]
