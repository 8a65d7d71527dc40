"""One speaks and five hundred listen, on real sockets: `parlor load rooms` beside a server of its own."""

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


def cpu_s(pid: int) -> float:
    """What a process has used of the processors."""
    fields = open(f"/proc/{pid}/stat", encoding="utf-8").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def five_hundred_hear_the_one_who_speaks(server: Server) -> None:
    """All hear, nothing is lost, and what it costs is printed."""
    # All come from one address.
    crowd = {
        "limits.members": "600",
        "limits.connections_per_address": "600",
        "limits.joins_burst": "600",
        "limits.joins_per_minute": "600",
        "limits.ice_requests_per_minute": "6000",
    }
    hall = Server(server.binary, settings=crowd)
    try:
        memory_kib = hall.memory_kib()
        load = [hall.binary, "load", "rooms", f"http://127.0.0.1:{hall.http_port}", "--mix", "audio", "--json"]
        load += ["--subscribers", str(LISTENERS), "--ramp", str(RAMP_PER_S), "--duration", str(MEASURED_S)]
        try:
            run = subprocess.run(load, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the load did not end within {LIMIT_S} s") from error
        if run.returncode != 0:
            raise Failed(f"the load ended with exit code {run.returncode}:\n{run.stderr[-2000:]}")
        report = json.loads(run.stdout)
        used_kib = hall.memory_kib() - memory_kib
        print(
            f"      {report['streams']} of {LISTENERS} hear, {report['delivered']:.2%} delivered, first sound within "
            f"{report['first_frame_ms']['max']:.0f} ms, p99 {report['delay_us']['p99'] / 1000:.1f} ms; the server: "
            f"{cpu_s(hall.process.pid):.1f} s of CPU, {used_kib / LISTENERS:.0f} KiB for each",
            flush=True,
        )
        if report["failed"] or report["lost_connections"] or report["streams"] != LISTENERS:
            raise Failed(f"not everybody hears: {report}")
        if report["delivered"] < DELIVERED or report["first_frame_ms"]["max"] > FIRST_SOUND_MS:
            raise Failed(f"it is heard late or not whole: {report}")
        if used_kib > MEMORY_KIB_PER_LISTENER * LISTENERS:
            raise Failed(f"the server has grown by {used_kib} KiB for {LISTENERS} listeners")
        hall.stop()
    finally:
        hall.kill()


CHECKS = [("five hundred hear the one who speaks", five_hundred_hear_the_one_who_speaks)]
