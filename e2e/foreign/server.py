"""The server under test, as a user starts it: the binary, settings on its command line, a data directory of its own."""

import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

USER = "user"
PASSWORD = "a long password"
# Whoever floods uses up the quota of this user and nobody else's.
FLOODER = "flooder"
# The secret of time-limited credentials, which coturn's client computes by itself.
SECRET = "a secret of thirty-two characters"

START_S = 15
STOP_S = 5
METRICS_S = 10


class Failed(Exception):
    """A check that did not hold, with what was seen."""


class Server:
    """A running `parlor serve` on free loopback ports that relays between loopback addresses."""

    def __init__(self, binary: Path, open_files: int | None = None, settings: dict[str, str] | None = None, wrapper: Sequence[str] = ()):
        """`wrapper` is a command that becomes the one behind it."""
        self.binary = binary
        self._data = tempfile.mkdtemp(prefix="parlor-foreign-")
        self._log = tempfile.TemporaryFile()
        self.http_port, https, self.port, self.second_port, self.rtmp_port = free_ports(5)
        both = lambda port: json.dumps([f"127.0.0.1:{port}", f"[::1]:{port}"])
        own = settings or {}
        settings = {
            "http.listen": f"127.0.0.1:{self.http_port}",
            "https.listen": f"127.0.0.1:{https}",
            "udp.listen": both(self.port),
            "turn.tcp_listen": both(self.port),
            "stun.second_listen": both(self.second_port),
            "live.rtmp_listen": f"127.0.0.1:{self.rtmp_port}",
            "public.addresses": json.dumps(["127.0.0.1", "::1"]),
            "turn.allow_peers": json.dumps(["127.0.0.0/8", "::1/128"]),
            # coturn 4.6.1 counts its channels from 0x5000.
            "turn.rfc5766_channels": "true",
            "turn.users": f'{{ {USER} = "{PASSWORD}", {FLOODER} = "{PASSWORD}" }}',
            # Checks that run side by side are one user at one address.
            "limits.allocations_per_user": "1000",
            "limits.allocations_per_address": "0",
            "turn.secrets": json.dumps([SECRET]),
            "data.dir": self._data,
            **own,
        }
        command = [binary, "serve"]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        if open_files:
            command = ["prlimit", f"--nofile={open_files}:{open_files}", *command]
        command = [*wrapper, *command]
        try:
            self.process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        except OSError as error:
            raise Failed(f"cannot run {binary}: {error}") from error
        self._wait(f"http://127.0.0.1:{self.http_port}/healthz")

    def log(self) -> str:
        """What the server has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def demand_discretion(self) -> None:
        """Fails if a secret is in the log."""
        leaked = [name for name, secret in (("password", PASSWORD), ("secret", SECRET)) if secret in self.log()]
        if leaked:
            raise Failed(f"in the server's log: a {' and a '.join(leaked)}")

    def memory_kib(self) -> int:
        """Its resident memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise Failed("the server has no memory: it has ended")

    def certificate(self) -> Path:
        """The certificate that it made for itself."""
        return Path(self._data) / "certificate.pem"

    def demand_alive(self) -> None:
        """Fails if the process has ended."""
        code = self.process.poll()
        if code is not None:
            raise Failed(f"the server ended with exit code {code}")

    def stop(self) -> None:
        """Stops as an operator does, and demands a clean end."""
        self.demand_alive()
        self.process.terminate()
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the server did not stop within {STOP_S} s") from error
        if code != 0:
            raise Failed(f"the server stopped with exit code {code}")

    def kill(self) -> None:
        """Leaves nothing behind."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._data, ignore_errors=True)

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"the server ended with exit code {self.process.returncode}:\n{self.log()}")
            try:
                with urllib.request.urlopen(url, timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        said = self.log()
        self.kill()
        raise Failed(f"{url} does not answer within {START_S} s:\n{said}")


def metric(port: int, series: str) -> float:
    """What a series of `/metrics` at a port of 127.0.0.1 stands at, by its name with labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=METRICS_S) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{series} ")))


def free_ports(count: int) -> list[int]:
    """Ports that nobody has, on UDP and TCP of both loopback addresses; none twice in a run."""
    found: list[int] = []
    with PORTS_LOCK:
        while len(found) < count:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
                if port not in PORTS_GIVEN and all(is_free(family, kind, port) for family, kind in KINDS):
                    found.append(port)
                    PORTS_GIVEN.add(port)
    return found


PORTS_LOCK = threading.Lock()
PORTS_GIVEN: set[int] = set()
KINDS = [
    (socket.AF_INET, socket.SOCK_DGRAM),
    (socket.AF_INET6, socket.SOCK_DGRAM),
    (socket.AF_INET6, socket.SOCK_STREAM),
]


def is_free(family: socket.AddressFamily, kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(family, kind) as probe:
        try:
            probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", port))
        except OSError:
            return False
    return True
