"""coturn's client with mobility (RFC 8016): it shows its ticket from another socket, and its traffic goes on."""

from server import Failed, Server, free_ports, metric
from tools import relays

# What it does after it has moved, by what it is asked for beside `-M`. Over TCP it may end its connection before it shows the ticket, and its
# allocation with it.
WAYS = [
    ("ChannelData", relays("-M")),
    ("Send indications", relays("-M", "-s")),
    ("over IPv6", relays("-M", "-x", host="::1", peer="::1")),
]


def moves(server: Server) -> None:
    """At a server of its own, since mobility is off unless it is set."""
    (metrics_port,) = free_ports(1)
    own = Server(server.binary, settings={"turn.mobility": "true", "metrics.listen": f"127.0.0.1:{metrics_port}"})
    try:
        for name, relayed in WAYS:
            before = metric(metrics_port, "parlor_turn_moves_total")
            relayed(own)
            moved = metric(metrics_port, "parlor_turn_moves_total") - before
            print(f"      {name}: {moved:.0f} moves, nothing lost", flush=True)
            if not moved:
                raise Failed(f"{name}: nothing was lost, but no allocation moved")
        own.stop()
    finally:
        own.kill()


CHECKS = [("turnutils_uclient moves with its ticket and loses nothing", moves)]
