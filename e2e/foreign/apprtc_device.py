"""A device written for AppRTC, with the habits of those in the field, in a call with a member that speaks v2.

It compares `is_initiator` with a string, reads the first URL of the first ICE server only and the time out of its username, names no section in its
candidates, sends a heart-beat and messages of its maker's, answers over HTTP, and leaves twice.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable

from member import PITCH_TOLERANCE_HZ, SHADE_TOLERANCE, Picture, Tone, pitch_of, shade_of
from server import Failed, Server

try:
    import websockets
    from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
except ImportError:
    websockets = None

TALK_S = 20


class Talker:
    """One end of a call, which sends a shade and a pitch of its own and looks at those of the other."""

    def __init__(self, shade: int, pitch_hz: int):
        self.shade, self.pitch_hz = shade, pitch_hz
        self._seen: list[int] = []
        self._heard: list[float] = []
        self._tasks: list[asyncio.Task] = []
        self._socket = self._pc = None

    def perceives(self, other: "Talker") -> bool:
        """Whether the last pictures and some of the last sound are the other's."""
        pictures = len(self._seen) >= 3 and all(abs(shade - other.shade) <= SHADE_TOLERANCE for shade in self._seen[-3:])
        return pictures and any(abs(pitch - other.pitch_hz) <= PITCH_TOLERANCE_HZ for pitch in self._heard[-100:])

    def keep(self, task: object) -> None:
        self._tasks.append(asyncio.create_task(task))

    async def _connect(self, servers: list[object] = ()) -> None:
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=list(servers)))
        self._pc.on("track", lambda track: self.keep(self._perceive(track)))
        self._pc.addTrack(Tone(self.pitch_hz))
        self._pc.addTrack(Picture(self.shade))

    async def _offer(self) -> str:
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return described(self._pc)

    async def _answer(self, offer: dict[str, str]) -> str:
        await self._pc.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        await self._pc.setLocalDescription(await self._pc.createAnswer())
        return described(self._pc)

    async def _accept(self, answer: dict[str, str]) -> None:
        await self._pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))

    async def _perceive(self, track: object) -> None:
        while True:
            frame = await track.recv()
            if track.kind == "video":
                self._seen.append(shade_of(frame))
            elif (pitch := pitch_of(frame)) is not None:
                self._heard.append(pitch)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._pc:
            await self._pc.close()
        if self._socket:
            await self._socket.close()


class Device(Talker):
    """Speaks AppRTC."""

    async def join(self, server: Server, room: str) -> None:
        self._base = f"http://127.0.0.1:{server.http_port}"
        params = (await ask(f"{self._base}/join/{room}"))["params"]
        self._client, self._collider = params["client_id"], params["wss_post_url"]
        self._path = f"{room}/{self._client}"
        first = (await ask(params["ice_server_url"]))["iceServers"][0]
        if int(first["username"].split(":")[0]) < time.time():
            raise Failed(f"the credentials of {first} have run out")
        await self._connect([RTCIceServer(first["urls"][0], username=first["username"], credential=first["credential"])])
        self._socket = await websockets.connect(params["wss_url"])
        await self._send({"cmd": "register", "roomid": room, "clientid": self._client})
        self.keep(self._read())
        self._initiator = params["is_initiator"] == "true"
        if self._initiator:
            await self._say(await self._offer())
        for message in params["messages"]:
            await self._hear(message)

    async def chatters(self) -> None:
        """What only others of its make understand."""
        for message in ({"error": ""}, {"type": "customized", "data": "ring"}):
            await self._send({"cmd": "send", "msg": json.dumps(message)})

    async def leave(self) -> None:
        if (await ask(f"{self._base}/leave/{self._path}"))["result"] != "SUCCESS":
            raise Failed("the device could not leave")
        await ask(f"{self._collider}/{self._path}", method="DELETE")

    async def _read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            if frame["error"]:
                raise Failed(f"the device heard {text}")
            await self._hear(frame["msg"])

    async def _hear(self, text: str) -> None:
        message = json.loads(text)
        match message.get("type"):
            case "offer":
                await self._say(await self._answer(message))
            case "answer":
                await self._accept(message)

    async def _say(self, description: str) -> None:
        """A description, and its candidates once more, each in a message without `label` and `id`."""
        await ask(f"{self._base}/message/{self._path}", description)
        lines = json.loads(description)["sdp"].splitlines()
        for line in {line[2:] for line in lines if line.startswith("a=candidate:")}:
            await ask(f"{self._base}/message/{self._path}", json.dumps({"type": "candidate", "candidate": line}))

    async def _send(self, message: dict[str, str]) -> None:
        await self._socket.send(json.dumps(message))


class Person(Talker):
    """Speaks v2, and keeps to what that asks of a client."""

    def __init__(self, shade: int, pitch_hz: int):
        super().__init__(shade, pitch_hz)
        self.peers: list[str] = []
        self.strange: list[str] = []

    async def join(self, server: Server, room: str) -> None:
        self._room = room
        self._socket = await websockets.connect(f"ws://127.0.0.1:{server.http_port}/ws")
        await self._connect()
        await self._socket.send(json.dumps({"cmd": "join", "v": 2, "roomId": room, "uid": "ana", "name": "Ana"}))
        joined = json.loads(await self._socket.recv())
        self.peers = [peer["uid"] for peer in joined["roster"]]
        self.keep(self._read())

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            match message["cmd"]:
                case "new-peer":
                    self.peers.append(message["uid"])
                    await self._send("offer", await self._offer())
                case "offer":
                    await self._send("answer", await self._answer(json.loads(message["msg"])))
                case "answer":
                    await self._accept(json.loads(message["msg"]))
                case "candidate":
                    candidate = json.loads(message["msg"])
                    if candidate["label"] != 0 or candidate["sdpMLineIndex"] != 0 or not candidate["candidate"]:
                        self.strange.append(text)
                case "peer-leave":
                    self.peers.remove(message["uid"])
                case _:
                    self.strange.append(text)

    async def _send(self, cmd: str, msg: str) -> None:
        words = {"cmd": cmd, "roomId": self._room, "uid": "ana", "remoteUid": self.peers[0], "msg": msg}
        await self._socket.send(json.dumps(words))


def described(pc: "RTCPeerConnection") -> str:
    return json.dumps({"type": pc.localDescription.type, "sdp": pc.localDescription.sdp})


async def ask(url: str, body: str = "", method: str = "POST") -> dict[str, object]:
    """What the server answers, as JSON if it is JSON."""

    def exchange() -> str:
        request = urllib.request.Request(url, data=body.encode(), method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    text = await asyncio.to_thread(exchange)
    return json.loads(text) if text.startswith("{") else {"text": text}


async def until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TALK_S
    while not holds():
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not happen")
        await asyncio.sleep(0.05)


def call(room: str, device_first: bool) -> Callable[[Server], None]:
    """A device and a person see and hear each other, and the device leaves."""

    async def story(server: Server) -> None:
        device, person = Device(60, 300), Person(200, 900)
        try:
            for talker in (device, person) if device_first else (person, device):
                await talker.join(server, room)
            await device.chatters()
            await until("the device sees and hears the person", lambda: device.perceives(person))
            await until("the person sees and hears the device", lambda: person.perceives(device))
            await device.leave()
            await until("the person hears that the device has left", lambda: not person.peers)
            if person.strange:
                raise Failed(f"the person heard {person.strange}")
        finally:
            await device.close()
            await person.close()

    return lambda server: asyncio.run(story(server))


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("AppRTC: a device calls a member that comes", call("apprtc-first", True)),
    ("AppRTC: a member calls a device that comes", call("apprtc-second", False)),
]
