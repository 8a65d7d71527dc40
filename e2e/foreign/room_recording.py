"""A member of a room is recorded: its sound is in step with its pictures, also when reports of its clock come late and one by one."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live import CLIENT_S, publishing
from matrix import INPUTS, Input
from operators import Operator
from played import PLAYED_S, played
from server import Failed, Server

# ffmpeg reports anew after five seconds, of sound first; what is measured lies on both sides of that.
RECORDED_S = 12
MEASURED_FROM_S = 4
H264_BY_WHIP = next(source for source in INPUTS if source.name.startswith("WHIP H.264"))


@contextmanager
def recorded_room(server: Server, operator: Operator, source: Input) -> Iterator[None]:
    """The source publishes into the room "standup" by WHIP, and the operator has that recorded."""
    command = source.command(server, source)
    command[-1] = f"http://127.0.0.1:{server.http_port}/whip/room/standup"
    with publishing(command):
        deadline = time.monotonic() + CLIENT_S
        while not operator.ask("rooms")["rooms"] and time.monotonic() < deadline:
            time.sleep(0.1)
        operator.ask("rooms/standup/recording", "POST")
        yield


def an_encoder_in_a_room_is_recorded_in_step(server: Server) -> None:
    """ffmpeg publishes into the room by WHIP."""
    folder, data = Path(tempfile.mkdtemp(prefix="parlor-recordings-")), tempfile.mkdtemp(prefix="parlor-foreign-")
    own = Server(server.binary, settings={"recording.folder": str(folder), "data.dir": data})
    source = H264_BY_WHIP
    try:
        with recorded_room(own, Operator(own, data), source):
            time.sleep(RECORDED_S)
        own.stop()
    finally:
        own.kill()
    found = list(folder.glob("room/standup/*.mp4"))
    if len(found) != 1:
        raise Failed(f"{folder} has {list(folder.rglob('*'))}")
    measured = played(str(found[0]), source.player, MEASURED_FROM_S).measure(source.tone_hz, source.rate_hz * (PLAYED_S - 1))
    print(f"      in a room {source.name}: {measured}", flush=True)
    shutil.rmtree(folder)
    shutil.rmtree(data)


CHECKS = [("an encoder in a room is recorded in step", an_encoder_in_a_room_is_recorded_in_step)]
