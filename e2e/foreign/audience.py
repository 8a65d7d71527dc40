"""One speaks and five hundred listen, and one sees forty-nine at once, on real sockets: `parlor load rooms` beside a server of its own."""

import json
import os
import subprocess

from server import Failed, Server

LISTENERS = 500
RAMP_PER_S = 50
MEASURED_S = 10
# A listener hears something so long after it has joined.
FIRST_SOUND_MS = 5_000
DELIVERED = 0.995
# A connection with its keys, its queues and what the kernel does not count: far more means that something grows.
MEMORY_KIB_PER_LISTENER = 400
LIMIT_S = 120
# All come from one address.
CROWD = {
    "limits.members": "600",
    "limits.connections_per_address": "600",
    "limits.joins_burst": "600",
    "limits.joins_per_minute": "600",
    "limits.ice_requests_per_minute": "6000",
}
# As many tiles as a page of the web client has.
TILES = 49


def cpu_s(pid: int) -> float:
    """What a process has used of the processors."""
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report_of(hall: Server, *plan: str) -> dict:
    """What the load says of itself."""
    load = [hall.binary, "load", "rooms", f"http://127.0.0.1:{hall.http_port}", "--json", "--duration", str(MEASURED_S), *plan]
    try:
        run = subprocess.run(load, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"the load did not end within {LIMIT_S} s") from error
    if run.returncode != 0:
        raise Failed(f"the load ended with exit code {run.returncode}:\n{run.stderr[-2000:]}")
    return json.loads(run.stdout)


def five_hundred_hear_the_one_who_speaks(server: Server) -> None:
    """All hear, nothing is lost, and what it costs is printed."""
    hall = Server(server.binary, settings=CROWD)
    try:
        memory_kib = hall.memory_kib()
        report = report_of(hall, "--mix", "audio", "--subscribers", str(LISTENERS), "--ramp", str(RAMP_PER_S))
        used_kib = hall.memory_kib() - memory_kib
        print(
            f"      {report['streams']} of {LISTENERS} hear, {report['delivered']:.2%} delivered, first sound within "
            f"{report['first_frame_ms']['max']:.0f} ms, p99 {report['delay_us']['p99'] / 1000:.1f} ms; the server: "
            f"{cpu_s(hall.process.pid):.1f} s of CPU, {used_kib / LISTENERS:.0f} KiB for each",
            flush=True,
        )
        demand_whole(report, LISTENERS, "heard")
        if used_kib > MEMORY_KIB_PER_LISTENER * LISTENERS:
            raise Failed(f"the server has grown by {used_kib} KiB for {LISTENERS} listeners")
        hall.stop()
    finally:
        hall.kill()


def one_sees_and_hears_forty_nine(server: Server) -> None:
    """A place for each picture and each voice in one connection, and all of them flow."""
    hall = Server(server.binary, settings=CROWD)
    try:
        slow = ["--packets", "4", "--fps", "4", "--bytes", "400", "--ramp", "10"]
        report = report_of(hall, "--mix", "lecture", "--publishers", str(TILES), "--subscribers", "1", *slow)
        print(f"      {report['streams']} streams of {TILES} members, {report['delivered']:.2%} delivered", flush=True)
        demand_whole(report, 2 * TILES, "seen")
        hall.stop()
    finally:
        hall.kill()


def demand_whole(report: dict, streams: int, sensed: str) -> None:
    """Every stream arrives, before long and whole."""
    if report["failed"] or report["lost_connections"] or report["streams"] != streams:
        raise Failed(f"not everything is {sensed}: {report}")
    if report["delivered"] < DELIVERED or report["first_frame_ms"]["max"] > FIRST_SOUND_MS:
        raise Failed(f"it is {sensed} late or not whole: {report}")


CHECKS = [
    ("five hundred hear the one who speaks", five_hundred_hear_the_one_who_speaks),
    ("one sees and hears forty-nine", one_sees_and_hears_forty_nine),
]
