"""Streams that go on to other servers: to a second one of ours, and to nginx with the RTMP module that Debian has."""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from live import CLIENT_S, ffmpeg_source, publishing, run
from played import demand_tone, play
from server import Failed, Server, free_ports
from stream import AiortcEnd

NGINX = "/usr/sbin/nginx"
RTMP_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
STORY_LIMIT_S = 60


def demand() -> None:
    """Fails if nginx or its module is missing."""
    if not Path(NGINX).exists() or not RTMP_MODULE.exists():
        raise Failed("nginx with libnginx-mod-rtmp is not installed")


class Nginx:
    """A running nginx that takes RTMP on a free port, and keeps it over a restart."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="parlor-nginx-"))
        (self.rtmp_port,) = free_ports(1)
        general = f"daemon off; master_process off; user root; pid {self._folder}/pid; error_log {self._folder}/log warn;"
        server = f"rtmp {{ server {{ listen 127.0.0.1:{self.rtmp_port}; application copy {{ live on; }} }} }}"
        settings = f"load_module {RTMP_MODULE}; {general} events {{ worker_connections 64; }} {server}"
        (self._folder / "nginx.conf").write_text(settings)
        self.start()

    def start(self) -> None:
        """Starts, also again."""
        command = [NGINX, "-c", str(self._folder / "nginx.conf"), "-p", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self) -> None:
        """Kills it; it can be started again."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Leaves nothing behind."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)


def demand_both_tracks(url: str) -> None:
    """Waits until ffprobe sees H.264 and AAC there; a server that has just been started gets its time."""
    deadline = time.monotonic() + CLIENT_S
    told = ""
    while time.monotonic() < deadline:
        probed = run(["ffprobe", "-v", "error", "-of", "json", "-show_entries", "stream=codec_name", "-rw_timeout", "5000000", url])
        told = f"{probed.stdout}{probed.stderr}"
        codecs = sorted(stream["codec_name"] for stream in json.loads(probed.stdout or "{}").get("streams", []))
        if codecs == ["aac", "h264"]:
            return
        time.sleep(0.2)
    raise Failed(f"{url} does not come with both tracks:\n{told}")


def ffmpeg_goes_on_to_both(server: Server) -> None:
    """One publisher, two targets; each goes away and comes back, and has the stream again."""
    far, nginx = Server(server.binary), Nginx()
    targets = [f"* rtmp://127.0.0.1:{far.rtmp_port}/copy", f"* rtmp://127.0.0.1:{nginx.rtmp_port}/copy"]
    near = Server(server.binary, settings={"live.forward": json.dumps(targets)})
    seen = [f"rtmp://127.0.0.1:{port}/copy/film" for port in (far.rtmp_port, nginx.rtmp_port)]
    try:
        with publishing(ffmpeg_source(f"rtmp://127.0.0.1:{near.rtmp_port}/live/film", key_frames_s=1)):
            for url in seen:
                demand_both_tracks(url)
            nginx.end()
            # The other target does not notice.
            demand_both_tracks(seen[0])
            nginx.start()
            demand_both_tracks(seen[1])
            played, samples = play(seen[1])
            demand_tone(samples, 1000)
            if "YAVG=" not in played:
                raise Failed(f"no picture of {seen[1]} can be decoded:\n{played}")
        near.demand_alive()
    finally:
        near.kill()
        far.kill()
        nginx.close()


def by_whip(make: Callable[[], AiortcEnd]) -> Callable[[Server], None]:
    """A check that a publisher by WHIP is seen and heard at nginx."""

    async def story(server: Server) -> None:
        nginx = Nginx()
        near = Server(server.binary, settings={"live.forward": json.dumps([f"live/whip rtmp://127.0.0.1:{nginx.rtmp_port}/copy/key"])})
        publisher = make()
        try:
            await publisher.publish(f"http://127.0.0.1:{near.http_port}/whip/live/whip")
            url = f"rtmp://127.0.0.1:{nginx.rtmp_port}/copy/key"
            await asyncio.to_thread(demand_both_tracks, url)
            _, samples = await asyncio.to_thread(play, url)
            demand_tone(samples, publisher.pitch_hz)
        finally:
            await publisher.end()
            near.kill()
            nginx.close()

    return lambda server: asyncio.run(asyncio.wait_for(story(server), STORY_LIMIT_S))


CHECKS = [
    ("ffmpeg's stream goes on to another Parlor and to nginx, which comes back", ffmpeg_goes_on_to_both),
    ("aiortc's stream goes on to nginx", by_whip(lambda: AiortcEnd("aio", 180, 900, "H264"))),
]
