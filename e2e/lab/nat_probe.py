"""Measures a NAT from inside: `nat_probe.py echo` on a server, `nat_probe.py probe` on a client of the lab."""
import json
import selectors
import socket
import sys
import time

PROBE_PORTS = (39001, 39002)


def echo_server():
    """Answers each datagram with the sender's address as seen here; may be asked to answer from elsewhere."""
    socks = {}
    for address in ("203.0.113.101", "203.0.113.151"):
        for port in PROBE_PORTS:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((address, port))
            socks[(address, port)] = s
    print("ready", flush=True)
    sel = selectors.DefaultSelector()
    for key, s in socks.items():
        sel.register(s, selectors.EVENT_READ, key)
    while True:
        for event, _ in sel.select():
            data, peer = event.fileobj.recvfrom(1500)
            ask = json.loads(data)
            source = tuple(ask.get("from") or event.data)
            socks[source].sendto(json.dumps({"id": ask["id"], "seen": peer}).encode(), peer)


def probe_client():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", 0))
    home, other = ("203.0.113.101", PROBE_PORTS[0]), "203.0.113.151"

    def ask(to, source=None, tries=3):
        for n in range(tries):
            ident = f"{to}{source}{n}"
            s.sendto(json.dumps({"id": ident, "from": source}).encode(), to)
            end_at = time.monotonic() + 0.7
            while (left := end_at - time.monotonic()) > 0:
                s.settimeout(left)
                try:
                    answer = json.loads(s.recvfrom(1500)[0])
                except (TimeoutError, socket.timeout):
                    break
                if answer["id"] == ident:
                    return tuple(answer["seen"])
        return None

    first = ask(home)
    if not first:
        print(json.dumps({"udp": False}))
        return
    # Filtering first, while the client has sent to `home` alone.
    other_address = ask(home, [other, PROBE_PORTS[1]])
    other_port = ask(home, [home[0], PROBE_PORTS[1]])
    filtering = "none" if other_address else "address" if other_port else "address+port"
    seen = {first, ask((home[0], PROBE_PORTS[1])), ask((other, PROBE_PORTS[0])), ask((other, PROBE_PORTS[1]))} - {None}
    print(json.dumps({"udp": True, "mapping": "independent" if len(seen) == 1 else "dependent", "filtering": filtering,
                      "port_kept": first[1] == s.getsockname()[1], "seen": sorted(f"{a}:{p}" for a, p in seen)}))


if __name__ == "__main__":
    {"echo": echo_server, "probe": probe_client}[sys.argv[1]]()
