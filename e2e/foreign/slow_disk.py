"""A disk that takes a second for each write while a heavy stream is recorded: viewers notice nothing, what waits is bounded, and what is missing is counted and said."""

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from live import RATE, publishing, run
from operators import Operator
from server import Failed, Server

# More in some seconds than may wait for the disk.
RATE_MBPS = 100
FILM_S = 4
WATCHED_S = 40
END_S = 90
# A writing takes so much longer.
DELAY_US = 1_000_000
# What comes late by more is seen.
LATE_S = 0.5
GAP_S = 0.1
# 24 MiB wait for the disk, 32 MiB are in the hub, as frames and as messages, and some more in pieces that are being made: a third of what comes.
MEMORY_KIB = 180 * 1024
SLOWED = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", f"inject=pwrite64:delay_enter={DELAY_US}"]
# The thread that writes.
WRITER = "recorder"
SLOW = "the disk is too slow"


def demand() -> None:
    """Fails if a program is missing."""
    if not shutil.which("strace"):
        raise Failed("strace is not installed (Debian package strace)")


def film(path: Path) -> None:
    """Noise, a key picture each second."""
    picture = f"nullsrc=size=1280x720:rate={RATE},format=yuv420p,geq=random(1)*255:128:128"
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", str(RATE), "-b:v", f"{RATE_MBPS}M", "-minrate", f"{RATE_MBPS}M", "-maxrate", f"{RATE_MBPS}M", "-bufsize", "4M"]
    made = run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-t", str(FILM_S), *video, str(path)])
    if made.returncode != 0:
        raise Failed(f"ffmpeg made no film:\n{made.stderr}")


@contextmanager
def slowed(server: Server) -> Iterator[None]:
    """Each write of the recorder waits meanwhile."""
    threads = Path(f"/proc/{server.process.pid}/task").iterdir()
    [writer] = [thread.name for thread in threads if (thread / "comm").read_text().strip() == WRITER]
    tracer = subprocess.Popen([*SLOWED, "-p", writer], stderr=subprocess.PIPE, text=True)
    try:
        yield
        if tracer.poll() is not None:
            raise Failed(f"strace ended with {tracer.returncode}:\n{tracer.stderr.read()}")
    finally:
        tracer.terminate()
        tracer.wait()


class Watcher:
    """Notes when each picture comes, beside its own time."""

    def __init__(self, url: str):
        command = ["stdbuf", "-oL", "ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "packet=dts_time", url]
        self._player = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.came: list[tuple[float, float]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._player.stdout:
            at = line.strip().strip(",")
            if at not in ("", "N/A"):
                self.came.append((time.monotonic(), float(at)))

    def end(self) -> None:
        self._player.kill()
        self._player.wait()
        self._reader.join()

    def measure(self) -> tuple[float, float]:
        """The longest step between pictures, and by how much the latest of them was late. The first come at once, from the latest key picture on."""
        came = [one for one in self.came if one[0] > self.came[0][0] + 2]
        times = [at for _, at in came]
        lateness = [now - at for now, at in came]
        return max(later - earlier for earlier, later in zip(times, times[1:], strict=False)), max(lateness) - min(lateness)


def viewers_notice_nothing(server: Server) -> None:
    """One watches while the recording falls behind."""
    with tempfile.TemporaryDirectory(prefix="parlor-slow-") as name:
        folder = Path(name)
        film(folder / "film.mkv")
        data = str(folder / "data")
        settings = {"recording.folder": str(folder / "kept"), "recording.streams": '["live/*"]', "data.dir": data}
        slow = Server(server.binary, settings=settings)
        try:
            url = f"rtmp://127.0.0.1:{slow.rtmp_port}/live/heavy"
            before_kib = slow.memory_kib()
            source = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-re", "-i", str(folder / "film.mkv"), "-c", "copy", "-f", "flv", url]
            with publishing(source), slowed(slow):
                watcher = Watcher(url)
                time.sleep(WATCHED_S)
                watcher.end()
                grown_kib = slow.memory_kib() - before_kib
                said = slow.log().count(SLOW)
            operator = Operator(slow, data)
            deadline = time.monotonic() + END_S
            while (found := operator.ask("recordings")["recordings"]) and found[0]["state"] == "recording" and time.monotonic() < deadline:
                time.sleep(0.5)
            slow.stop()
        finally:
            slow.kill()
        step_s, late_s = watcher.measure()
        [recording] = found
        print(
            f"      {RATE_MBPS} Mbit/s: the viewer's longest step {step_s * 1000:.0f} ms, late by {late_s * 1000:.0f} ms; {recording['gaps']} gaps, "
            f"{recording['durationMs']} ms of {WATCHED_S} s recorded, {grown_kib // 1024} MiB more memory",
            flush=True,
        )
        if step_s > GAP_S or late_s > LATE_S:
            raise Failed(f"the viewer notices: {step_s} s, {late_s} s late")
        if not said or not recording["gaps"]:
            raise Failed(f"nobody says that pictures are missing: {recording}\n{slow.log()}")
        if grown_kib > MEMORY_KIB:
            raise Failed(f"the server has grown by {grown_kib} KiB")
        if recording["state"] != "finished":
            raise Failed(f"the recording is {recording}")
        demand_played(folder / "kept" / recording["file"])


def demand_played(file: Path) -> None:
    """What was written plays."""
    seen = run(["ffmpeg", "-v", "error", "-i", str(file), "-frames:v", str(2 * RATE), "-f", "null", "-"])
    if seen.returncode != 0 or seen.stderr.strip():
        raise Failed(f"{file} does not play:\n{seen.stderr}")


CHECKS = [("a slow disk while a heavy stream is recorded", viewers_notice_nothing)]
