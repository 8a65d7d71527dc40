"""coturn's own tools: `turnutils_uclient` allocates, sends through the relay to `turnutils_peer`, which echoes, and counts what is lost."""

import shutil
import subprocess
from collections.abc import Callable

from server import FLOODER, PASSWORD, SECRET, USER, Failed, Server, free_ports

TOOLS = ["turnutils_uclient", "turnutils_peer", "turnutils_stunclient"]

LIMIT_S = 60
# A flood is cut off after this: the tool does not end by itself where it meets refusals.
FLOOD_S = 8
# Memory that a flood may leave behind: caches of the allocator, never something per request.
FLOOD_GROWTH_KIB = 16 * 1024


def demand() -> None:
    """Fails where a client is missing."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise Failed(f"missing: {', '.join(missing)} (Debian package coturn)")


def run(command: list[str], limit_s: int = LIMIT_S) -> tuple[int | None, str]:
    """Runs a client; its exit code (none where it was cut off) and everything it said."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit_s)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as cut:
        return None, (cut.stdout or b"").decode(errors="replace")


class Peer:
    """An echo of UDP datagrams."""

    def __init__(self, address: str):
        self.address = address
        [self.port] = free_ports(1)

    def __enter__(self) -> "Peer":
        self.process = subprocess.Popen(
            ["turnutils_peer", "-L", self.address, "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def uclient(server: Server, options: list[str], host: str, peer: Peer | None, user: str = USER) -> list[str]:
    command = ["turnutils_uclient", *options, "-p", str(server.port)]
    if "-W" not in options:
        command += ["-u", user, "-w", PASSWORD]
    if peer:
        command += ["-e", peer.address, "-r", str(peer.port)]
    return [*command, host]


# 20 messages of 171 bytes (needs padding) from each of 4 clients, with a second client on the next port for RTCP.
PAIRS = ["-n", "20", "-m", "4", "-l", "171"]
# Without the RTCP clients.
TRAFFIC = [*PAIRS, "-c"]


def relays(
    *options: str, host: str = "127.0.0.1", peer: str | None = "127.0.0.1", traffic: list[str] = TRAFFIC
) -> Callable[[Server], None]:
    """A check that everything comes back: exit code 0 and nothing lost."""

    def check(server: Server) -> None:
        if peer is None:
            demand_no_loss(uclient(server, [*traffic, *options], host, None))
            return
        with Peer(peer) as echo:
            demand_no_loss(uclient(server, [*traffic, *options], host, echo))

    return check


def demand_no_loss(command: list[str]) -> None:
    code, said = run(command)
    what = f"{' '.join(command)}\n{said}"
    if code != 0:
        raise Failed(f"exit code {code} (none: not done within {LIMIT_S} s)\n{what}")
    if "Total lost packets 0 " not in said:
        raise Failed(f"packets were lost\n{what}")
    received = [line for line in said.splitlines() if "tot_recv_msgs=" in line]
    if not received or "tot_recv_msgs=0" in received[-1]:
        raise Failed(f"nothing came back\n{what}")


def stunclient(host: str, second: bool = False) -> Callable[[Server], None]:
    def check(server: Server) -> None:
        port = server.second_port if second else server.port
        code, said = run(["turnutils_stunclient", "-p", str(port), host])
        # The tool ends with 0 in any case; an answer is in what it prints.
        if code != 0 or "UDP reflexive addr" not in said:
            raise Failed(f"exit code {code}, no mapped address\n{said}")

    return check


def survives(*options: str) -> Callable[[Server], None]:
    """A check that abuse harms nobody: the server lives, has not grown, and serves the next client in full."""

    def check(server: Server) -> None:
        before = server.memory_kib()
        with Peer("127.0.0.1") as echo:
            run(uclient(server, [*TRAFFIC, *options], "127.0.0.1", echo, FLOODER), FLOOD_S)
            server.demand_alive()
            demand_no_loss(uclient(server, [*TRAFFIC], "127.0.0.1", echo))
        grown = server.memory_kib() - before
        if grown > FLOOD_GROWTH_KIB:
            raise Failed(f"the server's memory grew by {grown} KiB")

    return check


def refuses(*options: str) -> Callable[[Server], None]:
    """A check that a client with wrong credentials gets nothing."""

    def check(server: Server) -> None:
        with Peer("127.0.0.1") as echo:
            command = ["turnutils_uclient", *TRAFFIC, *options, "-p", str(server.port), "-e", echo.address, "-r", str(echo.port)]
            code, said = run([*command, "127.0.0.1"], FLOOD_S)
        if code == 0 or "tot_recv_msgs=80" in said:
            raise Failed(f"exit code {code}: somebody without credentials was served\n{said}")

    return check


CHECKS: list[tuple[str, Callable[[Server], None]]] = [
    ("turnutils_stunclient over IPv4", stunclient("127.0.0.1")),
    ("turnutils_stunclient over IPv6", stunclient("::1")),
    ("turnutils_stunclient on the second port", stunclient("127.0.0.1", second=True)),
    ("turnutils_uclient ChannelData", relays()),
    ("turnutils_uclient Send indications", relays("-s")),
    ("turnutils_uclient client to client, ChannelData", relays("-y", peer=None)),
    ("turnutils_uclient client to client, Send indications", relays("-y", "-s", peer=None)),
    ("turnutils_uclient with a time-limited credential", relays("-W", SECRET)),
    ("turnutils_uclient over TCP, ChannelData", relays("-t")),
    ("turnutils_uclient over TCP, Send indications", relays("-t", "-s")),
    ("turnutils_uclient over TCP, client to client", relays("-t", "-y", peer=None)),
    ("turnutils_uclient over TLS, ChannelData", relays("-t", "-S")),
    ("turnutils_uclient over TLS, client to client", relays("-t", "-S", "-y", peer=None)),
    ("turnutils_uclient with an IPv6 relayed address", relays("-x", host="::1", peer="::1")),
    ("turnutils_uclient IPv4 client, IPv6 relayed address", relays("-x", peer="::1")),
    ("turnutils_uclient over TCP with an IPv6 relayed address", relays("-t", "-x", host="::1", peer="::1")),
    ("turnutils_uclient IPv4 relayed address asked for explicitly", relays("-X")),
    ("turnutils_uclient padded ChannelData", relays("-D")),
    ("turnutils_uclient extra permissions and channels", relays("-G")),
    ("turnutils_uclient with RTP and RTCP pairs", relays(traffic=PAIRS)),
    ("turnutils_uclient with a wrong password is refused", refuses("-u", USER, "-w", "wrong")),
]

# Abuse has the server to itself: what it does to others is seen with one client that comes after.
ABUSE: list[tuple[str, Callable[[Server], None]]] = [
    ("turnutils_uclient negative tests harm nobody", survives("-N")),
    ("turnutils_uclient negative protocol tests harm nobody", survives("-R")),
    ("turnutils_uclient negative tests over TCP harm nobody", survives("-t", "-N", "-R")),
    ("turnutils_uclient connecting and vanishing harms nobody", survives("-O")),
    ("turnutils_uclient disconnecting at random harms nobody", survives("-t", "-B")),
]
