"""ffmpeg publishes RTMP into a room, in which aiortc sits: it sees the picture and hears the tone, and is told who it is and that it speaks; also on another worker."""

import asyncio
import uuid
from types import SimpleNamespace

from live import publishing, run
from meeting import describe, until
from member import Member
from server import Failed, Server

LIMIT_S = 60
SHADE, PITCH_HZ = 150, 700
# Nobody waits for the next: who comes is led up from the latest.
KEY_FRAMES_S = 30


def source(url: str) -> list[str]:
    """One shade of grey and a tone, with B pictures, which WebRTC cannot show."""
    picture = f"color=size=320x180:rate=25,format=yuv420p,geq=lum={SHADE}:cb=128:cr=128"
    inputs = ["-re", "-f", "lavfi", "-i", picture, "-re", "-f", "lavfi", "-i", f"sine=frequency={PITCH_HZ}:sample_rate=44100"]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", str(25 * KEY_FRAMES_S)]
    return ["ffmpeg", "-v", "error", *inputs, *video, "-c:a", "aac", "-f", "flv", url]


async def story(server: Server) -> None:
    """Two meet, an encoder comes, one of them goes and comes again."""
    room = f"e{uuid.uuid4().hex}"
    url = f"rtmp://127.0.0.1:{server.rtmp_port}/room/{room}"
    encoder = SimpleNamespace(name="encoder", shade=SHADE, pitch_hz=PITCH_HZ)
    ana, bo = Member("ana", 60, 300, "H264"), Member("bo", 210, 1200, "H264")
    try:
        await ana.join(f"ws://127.0.0.1:{server.http_port}/ws", room)
        refused = await asyncio.to_thread(run, source(f"{url}/ana"))
        if refused.returncode == 0 or "belongs to a room" not in refused.stderr:
            raise Failed(f"it publishes in the name of a member: {refused.stderr}")
        with publishing(source(f"{url}?name=Stage%20camera")):
            both = {"microphone", "camera"}
            await until("the encoder is there", lambda: any(set(found) == both for found in ana.others.values()))
            await see_and_hear(ana, encoder)
            await until("the encoder is who speaks", lambda: set(ana.others) <= set(ana.speakers))
            await bo.join(f"ws://127.0.0.1:{server.http_port}/ws", room)
            await see_and_hear(bo, encoder)
        await until("the encoder has left", lambda: list(ana.others) == ["bo"])
    except Failed as failure:
        raise Failed(f"{failure}\n{describe([ana, bo])}") from failure
    finally:
        await asyncio.gather(ana.leave(), bo.leave(), return_exceptions=True)


async def see_and_hear(one: Member, encoder: SimpleNamespace) -> None:
    """Meets the media server and looks at the encoder, which is the one with a name of the server's making."""
    await until("the room is at the media server", lambda: one.mode == "sfu")
    await one.meet(slots=2)
    await one.watch([uid for uid in one.others if uid != "ana"])
    await until(f"{one.name} sees the encoder", lambda: one.sees(encoder))
    await until(f"{one.name} hears the encoder", lambda: one.hears(encoder))


def an_encoder_by_rtmp_is_in_the_room(server: Server) -> None:
    """The story, in time."""
    asyncio.run(asyncio.wait_for(story(server), LIMIT_S))


def everybody_is_on_another_worker(server: Server) -> None:
    """The same where each worker has a member: whoever comes is led up from the latest key frame there, too."""
    own = Server(server.binary, settings={"media.workers": "2", "media.members_per_worker": "1"})
    try:
        an_encoder_by_rtmp_is_in_the_room(own)
        own.stop()
    finally:
        own.kill()


CHECKS = [
    ("ffmpeg publishes RTMP into a room, and aiortc sees and hears it", an_encoder_by_rtmp_is_in_the_room),
    ("ffmpeg publishes RTMP into a room, and aiortc sees and hears it on other workers", everybody_is_on_another_worker),
]
