"""The disk becomes full in mid-recording: what was written plays, it is said why it ended, viewers notice nothing, and no room believes that it is recorded."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from live import CLIENT_S, ffmpeg_source, publishing, run
from operators import Operator
from recording import BEGINNING_S, LOST_S, RECORDED_S, demand_whole
from room_recording import H264_BY_WHIP, recorded_room
from server import Failed, Server

# The index and its log, the room that is kept for them, and some seconds of recordings.
DISK_MB = 8
WATCHED_S = 8
# Two pictures and what milliseconds lose.
GAP_S = 0.1
UNSHARED = ["unshare", "--mount"]


class Disk:
    """A server that records to a disk of its own, which nobody else sees but by way of it."""

    def __init__(self, server: Server):
        """The server is that whose binary is taken."""
        folder = Path(tempfile.mkdtemp(prefix="parlor-disk-"))
        mount = f'mount -t tmpfs -o size={DISK_MB}m disk {folder} && exec "$@"'
        # Nothing guards the last bytes here.
        settings = {"recording.folder": str(folder / "recordings"), "recording.streams": '["live/*"]', "recording.free_megabytes": "0"}
        data = tempfile.mkdtemp(prefix="parlor-foreign-")
        self._folder, self._data = folder, data
        self.server = Server(server.binary, settings={**settings, "data.dir": data}, wrapper=[*UNSHARED, "sh", "-c", mount, "sh"])
        self.operator = Operator(self.server, data)
        self.folder = Path(f"/proc/{self.server.process.pid}/root{folder}")

    def __enter__(self) -> "Disk":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.rmtree(self._data, ignore_errors=True)

    def fill(self) -> None:
        """To the last byte."""
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(4096)) == 4096:
                    pass
            except OSError:
                return

    def until_recorded(self, wished: Callable[[list[dict]], bool]) -> list[dict]:
        """The recordings, as soon as they are as wished."""
        deadline = time.monotonic() + 2 * CLIENT_S
        while time.monotonic() < deadline:
            found = self.operator.ask("recordings")["recordings"]
            if wished(found):
                return found
            time.sleep(0.2)
        raise Failed(f"the recordings are {found}")

    def demand_played(self, recording: dict, seconds: float) -> None:
        """Fails unless it ended for want of room, and what was written plays."""
        if (recording["state"], recording["reason"]) != ("interrupted", "disk-full"):
            raise Failed(f"the recording is {recording}")
        found = self.folder / "recordings" / recording["file"]
        if found.stat().st_size != recording["bytes"]:
            raise Failed(f"{found} has {found.stat().st_size} bytes: {recording}")
        with tempfile.TemporaryDirectory() as kept:
            copy = Path(kept) / found.name
            shutil.copyfile(found, copy)
            demand_whole(copy, seconds, BEGINNING_S)


def is_long(found: list[dict]) -> bool:
    """One, of some seconds."""
    return len(found) == 1 and found[0]["durationMs"] >= RECORDED_S * 1000


def has_ended(found: list[dict]) -> bool:
    """All of them."""
    return all(one["state"] != "recording" for one in found)


def demand_root() -> None:
    """Only root has disks of its own."""
    if os.geteuid() != 0 or run([*UNSHARED, "true"]).returncode != 0:
        raise Failed("a disk of one's own takes root, or a user namespace in which one is")


def viewers_of_a_stream_notice_nothing(server: Server) -> None:
    """ffmpeg watches while the disk becomes full; the recording ends, and the stream goes on without a gap."""
    demand_root()
    with Disk(server) as disk, tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen.mkv"
        url = f"rtmp://127.0.0.1:{disk.server.rtmp_port}/live/a"
        with publishing(ffmpeg_source(url, key_frames_s=1)):
            disk.until_recorded(is_long)
            viewer = subprocess.Popen(["ffmpeg", "-v", "error", "-i", url, "-t", str(WATCHED_S), "-c", "copy", str(seen)])
            disk.fill()
            (recording,) = disk.until_recorded(has_ended)
            if viewer.wait(WATCHED_S + CLIENT_S) != 0:
                raise Failed(f"the viewer ended with {viewer.returncode}")
        disk.demand_played(recording, RECORDED_S - LOST_S)
        told = run(["ffprobe", "-v", "error", "-select_streams", "v", "-of", "csv=p=0", "-show_entries", "packet=pts_time", str(seen)])
        times = sorted(float(line.strip(",")) for line in told.stdout.split())
        gap = max(later - earlier for earlier, later in zip(times, times[1:], strict=False))
        if times[-1] - times[0] < WATCHED_S - 2 or gap > GAP_S:
            raise Failed(f"the viewer saw {times[0]} to {times[-1]} s, with a gap of {gap} s")
        log = disk.server.log()
        print(f"      {recording['durationMs']} ms recorded, {recording['bytes']} bytes; the viewer's longest step {gap * 1000:.0f} ms", flush=True)
        if "the recording ends" not in log:
            raise Failed(f"the log does not say so:\n{log}")


def a_room_is_told_that_it_is_recorded_no_longer(server: Server) -> None:
    """An encoder in a room: its part plays, and the badge goes."""
    demand_root()
    with Disk(server) as disk:
        with recorded_room(disk.server, disk.operator, H264_BY_WHIP):
            disk.until_recorded(is_long)
            if disk.operator.ask("rooms/standup")["recordedSince"] is None:
                raise Failed("the room does not say that it is recorded")
            disk.fill()
            (recording,) = disk.until_recorded(has_ended)
            disk.demand_played(recording, RECORDED_S - LOST_S)
            deadline = time.monotonic() + CLIENT_S
            while disk.operator.ask("rooms/standup")["recordedSince"] is not None:
                if time.monotonic() > deadline:
                    raise Failed("the room still says that it is recorded")
                time.sleep(0.1)
            (take,) = disk.operator.ask("recordings/takes?room=standup")["takes"]
            if (take["state"], take["parts"]) != ("interrupted", 1):
                raise Failed(f"the recording of the room is {take}")


CHECKS = [
    ("a disk becomes full while a stream is recorded", viewers_of_a_stream_notice_nothing),
    ("a disk becomes full while a room is recorded", a_room_is_told_that_it_is_recorded_no_longer),
]
