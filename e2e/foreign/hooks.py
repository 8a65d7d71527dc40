"""ffmpeg publishes and plays where a program of the operator is asked first, and SRS's API shows and ends what it does."""

import json
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from live import ffmpeg_source, publishing, run
from server import Failed, Server

TOLD_S = 15


class Program:
    """Accepts whoever shows the right token, says where streams go on to, and remembers what it was asked and told."""

    def __init__(self, forward_to: list[str] | None = None) -> None:
        heard = self.heard = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.append(body)
                answer = b"0" if "token=right" in body.get("param", "token=right") else b'{"code":403}'
                if body["action"] == "on_forward":
                    answer = json.dumps({"code": 0, "data": {"urls": forward_to or []}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def demand(self, action: str, stream: str) -> dict:
        """Waits until it has heard that; what it has heard."""
        deadline = time.monotonic() + TOLD_S
        while time.monotonic() < deadline:
            told = [body for body in self.heard if body["action"] == action and body.get("stream") == stream]
            if told:
                return told[0]
            time.sleep(0.05)
        raise Failed(f"{action} of {stream} was not told: {self.heard}")

    def close(self) -> None:
        self._server.shutdown()


def a_program_lets_ffmpeg_in_or_not(server: Server) -> None:
    """A publisher and a player with the right token, and both with a wrong one."""
    program = Program()
    hooks = {f"live.{hook}": program.url for hook in ("on_publish", "on_unpublish", "on_play", "on_stop")}
    own = Server(server.binary, settings=hooks | {"live.api_users": '{ ana = "a long password" }'})
    try:
        base = f"rtmp://127.0.0.1:{own.rtmp_port}/live"
        refused = run([*ffmpeg_source(f"{base}/no?token=wrong")])
        if refused.returncode == 0:
            raise Failed("ffmpeg published although the program refused it")
        with publishing(ffmpeg_source(f"{base}/yes?token=right")):
            program.demand("on_publish", "yes")
            for url in (f"{base}/yes", f"http://127.0.0.1:{own.http_port}/live/yes.flv"):
                played = run(["ffprobe", "-v", "error", "-show_streams", f"{url}?token=right"])
                if "codec_name=h264" not in played.stdout or "codec_name=aac" not in played.stdout:
                    raise Failed(f"{url}: {played.stdout}{played.stderr}")
                if run(["ffprobe", "-v", "error", f"{url}?token=wrong"]).returncode == 0:
                    raise Failed(f"{url} was played although the program refused it")
            program.demand("on_stop", "yes")
            stream = ask(own, "GET", "streams")["streams"][0]
            seen = (stream["name"], stream["video"]["codec"], stream["video"]["width"], stream["audio"]["codec"])
            if seen != ("yes", "H264", 64, "AAC") or stream["frames"] == 0:
                raise Failed(f"the API tells {stream}")
        program.demand("on_unpublish", "yes")
        ended_over_the_api(own, f"{base}/end?token=right")
    finally:
        own.kill()
        program.close()


def a_program_hears_of_files_and_says_where_a_stream_goes(server: Server) -> None:
    """Of segments while nobody watches, of a recording when it is complete; and another server has the stream."""
    far, folder = Server(server.binary), tempfile.mkdtemp(prefix="parlor-recordings-")
    copy = f"rtmp://127.0.0.1:{far.rtmp_port}/copy/told"
    program = Program([copy])
    hooks = {f"live.{hook}": program.url for hook in ("on_dvr", "on_hls", "on_forward")}
    others = {"recording.folder": folder, "recording.streams": '["*"]', "live.forward_allow_networks": '["127.0.0.0/8"]'}
    own = Server(server.binary, settings=hooks | others)
    try:
        with publishing(ffmpeg_source(f"rtmp://127.0.0.1:{own.rtmp_port}/live/film", key_frames_s=1)):
            segment = program.demand("on_hls", "film")
            for url in (f"http://127.0.0.1:{own.http_port}/{segment['url']}", copy):
                seen = run(["ffprobe", "-v", "error", "-show_streams", url])
                if "codec_name=h264" not in seen.stdout or "codec_name=aac" not in seen.stdout:
                    raise Failed(f"{url}: {seen.stdout}{seen.stderr}")
        recorded = program.demand("on_dvr", "film")
        path = Path(recorded["cwd"], recorded["file"])
        if not path.exists() or path.stat().st_size == 0:
            raise Failed(f"there is no recording where {recorded} says")
    finally:
        own.kill()
        far.kill()
        program.close()
        shutil.rmtree(folder, ignore_errors=True)


def ended_over_the_api(server: Server, url: str) -> None:
    """ffmpeg goes when its client is deleted."""
    encoder = subprocess.Popen(ffmpeg_source(url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + TOLD_S
        clients: list[dict] = []
        while not clients and time.monotonic() < deadline:
            clients = [c for c in ask(server, "GET", "clients")["clients"] if c["publish"] and c["name"] == "end"]
            time.sleep(0.05)
        if not clients or ask(server, "DELETE", f"clients/{clients[0]['id']}")["code"] != 0:
            raise Failed(f"the publisher cannot be ended: {clients}")
        encoder.wait(TOLD_S)
    except subprocess.TimeoutExpired as late:
        raise Failed("ffmpeg goes on publishing") from late
    finally:
        encoder.kill()
        encoder.wait()


def ask(server: Server, method: str, path: str) -> dict:
    """A request to SRS's API."""
    headers = {"Authorization": "Basic YW5hOmEgbG9uZyBwYXNzd29yZA=="}
    url = f"http://127.0.0.1:{server.http_port}/api/v1/{urllib.parse.quote(path)}"
    with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=headers), timeout=10) as answer:
        return json.load(answer)


CHECKS = [
    ("a program of the operator lets ffmpeg publish and play or not", a_program_lets_ffmpeg_in_or_not),
    ("a program of the operator hears of files and says where a stream goes", a_program_hears_of_files_and_says_where_a_stream_goes),
]
