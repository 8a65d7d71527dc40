"""A member of a meeting made of aiortc: speaks v2 signalling, publishes a grey picture and a tone, looks at what it receives.

Every member has its own shade and pitch, so that what arrives tells whose it is, whatever codecs and servers lie between.
"""

import asyncio
import fractions
import json
import math
import re
import time
from collections.abc import Callable

try:
    import aioice.ice
    import websockets
    from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection
    from aiortc import RTCRtpSender, RTCSessionDescription
    from aiortc.mediastreams import MediaStreamTrack
    from av import AudioFrame, VideoFrame
except ImportError:
    websockets = None
    MediaStreamTrack = object

from server import PASSWORD, USER, Failed

MEDIA = "@media"
WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 180, 15
SAMPLES_PER_SECOND, SAMPLES = 48_000, 960
CONNECT_S = 15
# How far a shade may drift in a lossy codec, and how far a pitch in a short look.
SHADE_TOLERANCE, PITCH_TOLERANCE_HZ = 12, 40


def demand() -> None:
    """Fails where the client is missing."""
    if websockets is None:
        raise Failed("missing: aiortc and websockets (pip install -r e2e/requirements.txt)")
    # Left alone aiortc never offers loopback.
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Picture(MediaStreamTrack):
    """One shade of grey; a bar runs through it so that frames differ."""

    kind = "video"

    def __init__(self, shade: int):
        super().__init__()
        self._shade, self._count, self._started = shade, 0, None

    async def recv(self) -> "VideoFrame":
        self._started = self._started or time.monotonic()
        await asyncio.sleep(max(0.0, self._started + self._count / FRAMES_PER_SECOND - time.monotonic()))
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        for plane, level in zip(frame.planes, (self._shade, 128, 128)):
            plane.update(self._rows(plane, level))
        frame.pts, frame.time_base = self._count * 90_000 // FRAMES_PER_SECOND, fractions.Fraction(1, 90_000)
        self._count += 1
        return frame

    def _rows(self, plane: object, level: int) -> bytes:
        rows = bytearray([level]) * plane.buffer_size
        bar = self._count % plane.height
        rows[bar * plane.line_size : (bar + 1) * plane.line_size] = bytes([235 if level != 128 else 128]) * plane.line_size
        return bytes(rows)


class Tone(MediaStreamTrack):
    """A sine, 20 ms a frame."""

    kind = "audio"

    def __init__(self, pitch_hz: int):
        super().__init__()
        self._pitch_hz, self._count, self._started = pitch_hz, 0, None

    async def recv(self) -> "AudioFrame":
        self._started = self._started or time.monotonic()
        await asyncio.sleep(max(0.0, self._started + self._count * SAMPLES / SAMPLES_PER_SECOND - time.monotonic()))
        first = self._count * SAMPLES
        angle = 2 * math.pi * self._pitch_hz / SAMPLES_PER_SECOND
        levels = (int(8000 * math.sin(angle * (first + n))) for n in range(SAMPLES))
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(b"".join(level.to_bytes(2, "little", signed=True) for level in levels))
        frame.sample_rate, frame.pts, frame.time_base = SAMPLES_PER_SECOND, first, fractions.Fraction(1, SAMPLES_PER_SECOND)
        self._count += 1
        return frame


def shade_of(frame: "VideoFrame") -> int:
    """The shade of most of a frame: the median of its middle column."""
    luma = frame.reformat(format="yuv420p").planes[0]
    data, middle = bytes(luma), frame.width // 2
    return sorted(data[row * luma.line_size + middle] for row in range(frame.height))[frame.height // 2]


def pitch_of(frame: "AudioFrame") -> float | None:
    """The pitch by its upward crossings of zero; `None` when it is silent."""
    data = bytes(frame.planes[0])
    channels = len(frame.layout.channels)
    step = 2 * channels
    levels = [int.from_bytes(data[at : at + 2], "little", signed=True) for at in range(0, frame.samples * step, step)]
    if max(map(abs, levels), default=0) < 500:
        return None
    crossings = [n for n in range(1, len(levels)) if levels[n - 1] < 0 <= levels[n]]
    if len(crossings) < 2:
        return None
    return (len(crossings) - 1) * frame.sample_rate / (crossings[-1] - crossings[0])


class Member:
    """One aiortc client in a room."""

    connect_s = CONNECT_S

    def __init__(self, name: str, shade: int, pitch_hz: int, codec: str, turn: str | None = None):
        """With `turn`, `HOST:PORT?transport=…`, nothing but relayed candidates is used."""
        self.name, self.shade, self.pitch_hz, self._codec, self._turn = name, shade, pitch_hz, codec, turn
        self.others: dict[str, list[str]] = {}
        self.mode = None
        # Shades by the mid of the slot, and every pitch that was heard.
        self.seen: dict[str, list[int]] = {}
        self.heard: list[float] = []
        # Who speaks, as was said last.
        self.speakers: list[str] = []
        self.errors: list[str] = []
        # What was last said of each slot: whose, and why nothing comes.
        self.told: dict[str, tuple[str | None, str | None]] = {}
        self._pc = self._socket = self._reader = None
        self._tasks: list[asyncio.Task] = []
        self._answer: asyncio.Future | None = None
        self._ids = 0

    async def join(self, url: str, room: str) -> None:
        """Takes a seat; the roster is known afterwards."""
        self._socket = await websockets.connect(url)
        joined = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read(joined))
        await self._send({"cmd": "join", "v": 2, "roomId": room, "uid": self.name, "name": self.name, "caps": ["media"]})
        await asyncio.wait_for(joined, 5)

    async def meet(self, slots: int) -> None:
        """Negotiates with the media server: one microphone, one camera, and as many slots of each kind as asked."""
        # Otherwise aiortc 1.16 leaves all but one of the descriptions of a kind on a transport that it has closed.
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        if self._turn:
            configuration.iceServers = [RTCIceServer(f"turn:{self._turn}", username=USER, credential=PASSWORD)]
            configuration.iceTransportPolicy = RTCIceTransportPolicy.RELAY
        self._pc = RTCPeerConnection(configuration)
        microphone = self._pc.addTransceiver(self._microphone(), direction="sendonly")
        camera = self._pc.addTransceiver(self._camera(), direction="sendonly")
        pictures = [self._pc.addTransceiver("video", direction="recvonly") for _ in range(slots)]
        sounds = [self._pc.addTransceiver("audio", direction="recvonly") for _ in range(slots)]
        self._prefer_codec()
        await self._pc.setLocalDescription(await self._pc.createOffer())
        tracks = [{"mid": microphone.mid, "source": "microphone"}, {"mid": camera.mid, "source": "camera"}]
        answer = await self._negotiate(self._pc.localDescription.sdp, tracks)
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._tasks += [asyncio.create_task(self._watch(t.mid, t.receiver.track)) for t in pictures]
        self._tasks += [asyncio.create_task(self._listen(t.receiver.track)) for t in sounds]
        self._slots = [t.mid for t in pictures]
        await self._until_connected(lambda: self._pc.connectionState)

    async def watch(self, uids: list[str]) -> None:
        """Wishes for these members' cameras, one in each slot."""
        wishes = zip(self._slots, uids, strict=False)
        slots = [{"mid": mid, "remoteUid": uid, "source": "camera", "width": WIDTH, "height": HEIGHT} for mid, uid in wishes]
        await self._say("subscribe", slots=slots)

    def sees(self, other: "Member") -> bool:
        """Whether the last pictures in some slot are that member's."""
        latest = [shades[-3:] for shades in self.seen.values() if len(shades) >= 3]
        return any(all(abs(shade - other.shade) <= SHADE_TOLERANCE for shade in shades) for shades in latest)

    def hears(self, other: "Member") -> bool:
        """Whether that member's pitch was among the last."""
        return any(abs(pitch - other.pitch_hz) <= PITCH_TOLERANCE_HZ for pitch in self.heard[-200:])

    async def leave(self) -> None:
        """Gives the seat up and closes everything."""
        if self._socket:
            await self._say("leave")
        if self._pc:
            await self._pc.close()
        for task in [*self._tasks, self._reader]:
            if task:
                task.cancel()
        if self._socket:
            await self._socket.close()

    def _microphone(self) -> MediaStreamTrack:
        return Tone(self.pitch_hz)

    def _camera(self) -> MediaStreamTrack:
        return Picture(self.shade)

    def _prefer_codec(self) -> None:
        wanted = (f"video/{self._codec}".lower(), "video/rtx")
        codecs = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.mimeType.lower() in wanted]
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "video":
                transceiver.setCodecPreferences(codecs)

    async def _negotiate(self, sdp: str, tracks: list[dict[str, str]]) -> str:
        """Sends an offer to the media server; its answer."""
        kinds = set(re.findall(r"^a=candidate:.* typ (\w+)", sdp, re.MULTILINE))
        if self._turn and kinds != {"relay"}:
            raise Failed(f"{self.name} has candidates of other kinds than relay: {kinds or 'none at all'}")
        offer = {"type": "offer", "sdp": sdp, "offer": "1", "connection": "1", "tracks": tracks}
        self._answer = asyncio.get_running_loop().create_future()
        await self._say("offer", remoteUid=MEDIA, uid=self.name, msg=json.dumps(offer))
        return (await asyncio.wait_for(self._answer, 5))["sdp"]

    async def _until_connected(self, state: Callable[[], str]) -> None:
        deadline = time.monotonic() + self.connect_s
        while state() != "connected":
            if state() in ("failed", "closed") or time.monotonic() > deadline:
                raise Failed(f"{self.name} is not connected: {state()}")
            await asyncio.sleep(0.02)

    async def _watch(self, mid: str, track: MediaStreamTrack) -> None:
        while True:
            self.seen.setdefault(mid, []).append(shade_of(await track.recv()))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            pitch = pitch_of(await track.recv())
            if pitch is not None:
                self.heard.append(pitch)

    async def _read(self, joined: asyncio.Future) -> None:
        async for text in self._socket:
            message = json.loads(text)
            match message["cmd"]:
                case "joined":
                    self.mode = message["mode"]
                    self.others = {peer["uid"]: sources(peer) for peer in message["roster"]}
                    joined.set_result(None)
                case "mode":
                    self.mode = message["mode"]
                case "new-peer":
                    self.others[message["remoteUid"]] = sources(message)
                case "tracks":
                    self.others[message["remoteUid"]] = sources(message)
                case "peer-leave":
                    self.others.pop(message["remoteUid"], None)
                case "answer":
                    self._answer.set_result(json.loads(message["msg"]))
                case "speakers":
                    self.speakers = [speaker["remoteUid"] for speaker in message["speakers"]]
                case "slots":
                    self.told.update({slot["mid"]: (slot["remoteUid"], slot["reason"]) for slot in message["slots"]})
                case "error":
                    self.errors.append(message["message"])

    async def _say(self, cmd: str, **fields: object) -> None:
        self._ids += 1
        await self._send({"cmd": cmd, "id": str(self._ids), **fields})

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send(json.dumps(message))


def sources(message: dict[str, object]) -> list[str]:
    """What somebody publishes, as a message says."""
    return [track["source"] for track in message.get("tracks", [])]
