"""Kinds of NAT: how a client's settings name them, the nftables rules that make them, and how they look from inside."""

LINK_KEYS = ("delay", "jitter", "loss", "burst", "rate", "queue", "reorder", "dup")
KINDS = ("none", "fullcone", "restricted", "portrestricted", "symmetric", "udpblocked", "tcp443")


def parse_client(text, index):
    words = text.split()
    if not words or "=" in words[0]:
        raise SystemExit(f"natlab: --client {text!r} must start with a name")
    client = {"index": index, "nat": ["portrestricted"], "v6": "off", "link": {}}
    for word in words[1:]:
        key, eq, value = word.partition("=")
        if key == "nat":
            client["nat"] = value.split("+")
            if not all(k in KINDS for k in client["nat"]) or len(client["nat"]) > 2 or \
                    ("none" in client["nat"] and len(client["nat"]) > 1):
                raise SystemExit(f"natlab: {words[0]}: nat={value}: one or two (x+y) of {', '.join(KINDS)}")
            if len(client["nat"]) == 2 and client["v6"] != "off":
                raise SystemExit("natlab: double NAT is IPv4 only")
        elif key == "v6" and value in ("off", "on", "only"):
            client["v6"] = value
        elif key in ("lan",):
            client["lan"] = value
        elif key == "mapping_timeout":
            client[key] = int(value)
        elif key in LINK_KEYS and eq:
            client["link"][key] = value
        else:
            raise SystemExit(f"natlab: {words[0]}: unknown setting {word!r}")
    return words[0], client


def ruleset(kind, inner):
    """The nftables rules of one router. Its inside is lan0, its outside wan0."""
    masquerade = "masquerade random,fully-random" if kind == "symmetric" else "masquerade"
    out = {
        "udpblocked": "meta l4proto tcp accept",
        "tcp443": "tcp dport 443 accept",
        "restricted": "ip protocol udp update @peers { ip daddr }\n    accept",
    }.get(kind, "accept")
    come_in = {
        "fullcone": f"iifname wan0 udp dport 1024-65535 dnat to {inner}",
        "restricted": f"iifname wan0 ip saddr @peers udp dport 1024-65535 dnat to {inner}",
    }.get(kind, "")
    # Dropping new packets at input keeps them out of conntrack. Without it, a peer's early packet would take the tuple
    # that the client's own first packet needs, masquerade would pick another port, and hole punching would fail.
    return f"""
table ip natlab {{
  set peers {{
    type ipv4_addr
    flags dynamic,timeout
    timeout 2m
  }}
  chain pre {{
    type nat hook prerouting priority -100
    {come_in}
  }}
  chain post {{
    type nat hook postrouting priority 100
    oifname wan0 {masquerade}
  }}
  chain forward {{
    type filter hook forward priority 0
    policy drop
    ct state established,related counter accept
    iifname wan0 ct status dnat accept
    iifname lan0 jump out
    counter
  }}
  chain out {{
    {out}
  }}
  chain input {{
    type filter hook input priority 0
    iifname wan0 ct state new meta l4proto {{ tcp, udp }} counter drop
  }}
}}
table ip6 natlab {{
  chain forward {{
    type filter hook forward priority 0
    policy drop
    ct state established,related accept
    icmpv6 type {{ packet-too-big, time-exceeded, echo-request }} accept
    iifname lan0 jump out
  }}
  chain out {{
    {out if kind in ("udpblocked", "tcp443") else "accept"}
  }}
}}
"""


def expected(nat):
    """What `_probe` must see behind these routers: the stricter of each."""
    if any(k in ("udpblocked", "tcp443") for k in nat):
        return {"udp": False}
    order = ["none", "fullcone", "restricted", "portrestricted", "symmetric"]
    worst = max(nat, key=order.index)
    filtering = {"none": "none", "fullcone": "none", "restricted": "address"}.get(worst, "address+port")
    return {"udp": True, "mapping": "dependent" if "symmetric" in nat else "independent", "filtering": filtering}
