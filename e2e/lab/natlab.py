#!/usr/bin/env python3
"""natlab: a small internet in network namespaces, with NATs and bad links, for testing ICE, STUN and TURN.

Needs root, iproute2 and nftables, and for impaired links the program wanem (build: rustc -O wanem.rs), found through
--wanem, the variable WANEM or PATH. Nothing in the lab can reach the outside: there is no route to it.

  natlab.py up --client "a nat=symmetric" --client "b nat=portrestricted delay=40 loss=1 rate=3000" [--servers 2]
  natlab.py status                  what runs where, as JSON (addresses, NAT kinds, link counters)
  natlab.py probe                   measure each client's NAT from inside; fails when it is not of its kind
  natlab.py exec a COMMAND...       run a command on host a (clients, srv1.., a-r1 for a's router)
  natlab.py set a "up loss=5"       change a's link while it runs (the lines that wanem reads)
  natlab.py rewan a                 give a's router a new public address: mappings die, as in a network change
  natlab.py down [--kill]           take it down; --kill first ends the processes left on its hosts

Layout: one bridge is the internet, 203.0.113.0/24 and 2001:db8::/64. Server k is srvk, 203.0.113.10k and
203.0.113.15k, 2001:db8::10k. Client i sits behind its own router (203.0.113.20i) with 10.i.0.2.
Every host knows the names srvk.test through its own /etc/hosts. --name keeps several labs apart, one at a time each.

Client settings (defaults first):
  nat=portrestricted   endpoint-independent mapping (the port is kept), replies only from where it sent to
      restricted       the same, but from any port of an address it sent to
      fullcone         anything that reaches the mapped port comes in
      symmetric        a new random port for every destination
      udpblocked       no UDP at all; TCP out is open
      tcp443           only TCP to port 443 gets out
      none             no NAT: the client has the public address 203.0.113.20i
      x+y              double NAT: router x at home, carrier router y (100.64.i.0/24) in front of it
  lan=OTHER            share OTHER's router (and its nat and link): two hosts on one LAN
  v6=off | on | only   also, or only, a routed IPv6 prefix 2001:db8:i::/64 behind a stateful firewall
  mapping_timeout=S    seconds after which an idle UDP mapping dies (the kernel's 30, and 120 once there were replies)
  delay= jitter= loss= burst= rate= queue= reorder= dup=    the access link, both ways alike; see wanem.rs
"""
import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import time

from nat import expected, parse_client, ruleset

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nat_probe.py")


def sh(*cmd, stdin=None):
    done = subprocess.run(cmd, input=stdin, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"natlab: {' '.join(cmd)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Lab:
    def __init__(self, name):
        self.name = name
        self.dir = f"/run/natlab/{name}"
        self.state_file = f"{self.dir}/state.json"

    # names and plumbing -------------------------------------------------------------------------------------------
    def ns(self, host):
        return f"{self.name}-{host}"

    def ip(self, host, *args):
        return sh("ip", "-n", self.ns(host), *args)

    def run_in(self, host, *cmd, stdin=None):
        return sh("ip", "netns", "exec", self.ns(host), *cmd, stdin=stdin)

    def sysctl(self, host, **settings):
        for key, value in settings.items():
            path = "/proc/sys/" + key.replace("__", "/")
            self.run_in(host, "sh", "-c", f"[ ! -e {path} ] || echo {value} > {path}")

    def host(self, host):
        sh("ip", "netns", "add", self.ns(host))
        self.ip(host, "link", "set", "lo", "up")
        self.sysctl(host, net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0)
        etc = f"/etc/netns/{self.ns(host)}"
        os.makedirs(etc, exist_ok=True)
        names = "".join(
            f"203.0.113.{100 + k} srv{k}.test\n2001:db8::{100 + k} srv{k}.test\n" for k in range(1, self.servers + 1)
        )
        with open(f"{etc}/hosts", "w") as f:
            f.write("127.0.0.1 localhost\n::1 localhost\n" + names)
        with open(f"{etc}/resolv.conf", "w") as f:
            f.write("nameserver 127.0.0.1\n")

    def wire(self, host_a, if_a, host_b, if_b, link=None):
        """Joins two hosts: a veth pair, or a wanem link when `link` has settings (up is a to b)."""
        if not link:
            sh("ip", "link", "add", if_a, "netns", self.ns(host_a), "type", "veth",
               "peer", "name", if_b, "netns", self.ns(host_b))
        else:
            params = f"{self.dir}/{host_a}.{if_a}.link"
            with open(params, "w") as f:
                f.write("both " + " ".join(f"{k}={v}" for k, v in link.items()) + "\n")
            with open(f"{self.dir}/{host_a}.{if_a}.log", "w") as log:
                child = subprocess.Popen(
                    [self.wanem, "--a", f"{self.ns(host_a)}:{if_a}", "--b", f"{self.ns(host_b)}:{if_b}",
                     "--params", params, "--stats", params + ".stats"],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            self.pids.append(child.pid)
            for _ in range(100):
                if all(os.path.exists(p) for p in (params + ".stats",)):
                    break
                if child.poll() is not None:
                    raise SystemExit("natlab: wanem ended: " + open(log.name).read())
                time.sleep(0.02)
            for host, dev in ((host_a, if_a), (host_b, if_b)):  # so that bursts are lost by the settings only
                self.ip(host, "link", "set", dev, "txqueuelen", "10000")
        self.ip(host_a, "link", "set", if_a, "up")
        self.ip(host_b, "link", "set", if_b, "up")

    def address(self, host, dev, v4=None, v6=None):
        if v4:
            self.ip(host, "addr", "add", v4, "dev", dev)
        if v6:
            self.ip(host, "-6", "addr", "add", v6, "dev", dev, "nodad")

    # building -----------------------------------------------------------------------------------------------------
    def up(self, clients, servers, wanem):
        if os.path.exists(self.state_file):
            raise SystemExit(f"natlab: {self.name} is up already (natlab.py --name {self.name} down)")
        os.makedirs(self.dir, exist_ok=True)
        self.servers, self.wanem, self.pids, self.clients = servers, wanem, [], {}
        for index, text in enumerate(clients, 1):
            name, client = parse_client(text, index)
            if name in self.clients:
                raise SystemExit(f"natlab: two clients named {name}")
            if "lan" in client and client["lan"] not in self.clients:
                raise SystemExit(f"natlab: {name}: lan={client['lan']} must name an earlier client")
            self.clients[name] = client
        if any(c["link"] for c in self.clients.values()) and not wanem:
            raise SystemExit("natlab: an impaired link needs wanem: rustc -O wanem.rs, then --wanem PATH or WANEM=PATH")
        self.save()  # before the first namespace, so that a failed `up` can still be taken down
        self.host("inet")
        self.sysctl("inet", net__bridge__bridge_nf_call_iptables=0)
        self.ip("inet", "link", "add", "br0", "type", "bridge")
        self.ip("inet", "link", "set", "br0", "up")
        self.address("inet", "br0", "203.0.113.1/24", "2001:db8::1/64")
        self.sysctl("inet", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        # What goes nowhere (a peer's 10.x candidate, say) vanishes silently, as it mostly does out there; an error from
        # the kernel instead makes some programs give up (coturn 4.6 ends a whole TCP session over one).
        self.ip("inet", "route", "add", "blackhole", "default")
        self.ip("inet", "-6", "route", "add", "blackhole", "default")
        for k in range(1, servers + 1):
            self.host(f"srv{k}")
            self.plug(f"srv{k}", "eth0", f"srv{k}")
            self.address(f"srv{k}", "eth0", f"203.0.113.{100 + k}/24", f"2001:db8::{100 + k}/64")
            self.address(f"srv{k}", "eth0", f"203.0.113.{150 + k}/24")
            self.ip(f"srv{k}", "route", "add", "default", "via", "203.0.113.1")
            self.ip(f"srv{k}", "-6", "route", "add", "default", "via", "2001:db8::1")
        for name, client in self.clients.items():
            self.add_client(name, client)
        self.save()

    def plug(self, host, dev, port, link=None):
        """Connects a host's interface to the internet bridge."""
        self.wire(host, dev, "inet", f"p-{port}"[:15], link)
        self.ip("inet", "link", "set", f"p-{port}"[:15], "master", "br0")

    def add_client(self, name, c):
        i = c["index"]
        self.host(name)
        if "lan" in c:
            owner = self.clients[c["lan"]]
            c["router"], lan = owner["router"], owner["index"]
            self.wire(name, "eth0", c["router"], f"lan-{name}"[:15])
            self.ip(c["router"], "link", "set", f"lan-{name}"[:15], "master", "lan0")
            c["v4"], c["v6addr"] = f"10.{lan}.0.{10 + i}", f"2001:db8:{lan}::{10 + i}"
            self.client_address(name, c, f"10.{lan}.0.1", f"2001:db8:{lan}::1", owner["v6"])
            return
        if c["nat"] == ["none"]:
            self.plug(name, "eth0", name, c["link"])
            c["v4"], c["v6addr"], c["public"] = f"203.0.113.{200 + i}", f"2001:db8::{200 + i}", f"203.0.113.{200 + i}"
            self.client_address(name, c, "203.0.113.1", "2001:db8::1", c["v6"])
            return
        c["v4"], c["v6addr"], c["public"] = f"10.{i}.0.2", f"2001:db8:{i}::2", f"203.0.113.{200 + i}"
        c["router"] = f"{name}-r1"
        self.host(f"{name}-r1")
        self.ip(f"{name}-r1", "link", "add", "lan0", "type", "bridge")
        self.sysctl(f"{name}-r1", net__bridge__bridge_nf_call_iptables=0, net__bridge__bridge_nf_call_ip6tables=0)
        self.ip(f"{name}-r1", "link", "set", "lan0", "up")
        self.wire(name, "eth0", f"{name}-r1", f"lan-{name}"[:15])
        self.ip(f"{name}-r1", "link", "set", f"lan-{name}"[:15], "master", "lan0")
        self.address(f"{name}-r1", "lan0", f"10.{i}.0.1/24", f"2001:db8:{i}::1/64")
        last = f"{name}-r{len(c['nat'])}"
        if len(c["nat"]) == 2:
            self.host(last)
            self.wire(f"{name}-r1", "wan0", last, "lan0")
            self.address(f"{name}-r1", "wan0", f"100.64.{i}.2/24")
            self.ip(f"{name}-r1", "route", "add", "default", "via", f"100.64.{i}.1")
            self.address(last, "lan0", f"100.64.{i}.1/24")
        self.plug(last, "wan0", name, c["link"])
        self.address(last, "wan0", f"{c['public']}/24", f"2001:db8::{200 + i}/64")
        self.ip(last, "route", "add", "default", "via", "203.0.113.1")
        if c["v6"] != "off":
            self.ip(last, "-6", "route", "add", "default", "via", "2001:db8::1")
            self.ip("inet", "-6", "route", "add", f"2001:db8:{i}::/64", "via", f"2001:db8::{200 + i}")
        for number, kind in enumerate(c["nat"], 1):
            router = f"{name}-r{number}"
            self.sysctl(router, net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
            inner = c["v4"] if number == 1 else f"100.64.{i}.2"
            self.run_in(router, "nft", "-f", "-", stdin=ruleset(kind, inner))
            if "mapping_timeout" in c:
                self.sysctl(router, net__netfilter__nf_conntrack_udp_timeout=c["mapping_timeout"],
                            net__netfilter__nf_conntrack_udp_timeout_stream=c["mapping_timeout"])
        self.client_address(name, c, f"10.{i}.0.1", f"2001:db8:{i}::1", c["v6"])

    def client_address(self, name, c, gw4, gw6, v6):
        c["v6"] = v6
        if v6 != "only":
            self.address(name, "eth0", c["v4"] + "/24")
            self.ip(name, "route", "add", "default", "via", gw4)
        if v6 != "off":
            self.address(name, "eth0", None, c["v6addr"] + "/64")
            self.ip(name, "-6", "route", "add", "default", "via", gw6)

    # state --------------------------------------------------------------------------------------------------------
    def save(self):
        with open(self.state_file, "w") as f:
            json.dump({"servers": self.servers, "clients": self.clients, "pids": self.pids}, f, indent=1)

    def load(self):
        try:
            with open(self.state_file) as f:
                state = json.load(f)
        except FileNotFoundError:
            raise SystemExit(f"natlab: {self.name} is not up")
        self.servers, self.clients, self.pids = state["servers"], state["clients"], state["pids"]

    def namespaces(self):
        listed = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True).stdout.split("\n")
        return [n.split()[0] for n in listed if n.startswith(self.name + "-")]

    def link_file(self, name):
        for path in glob.glob(f"{self.dir}/{name}*.link"):
            if os.path.basename(path).split(".")[0] in (name, f"{name}-r1", f"{name}-r2"):
                return path
        raise SystemExit(f"natlab: {name} has no impaired link (give it one at `up`, even delay=0)")

    def status(self):
        self.load()
        out = {"name": self.name, "namespaces": self.namespaces(), "servers": {}, "clients": {}}
        for k in range(1, self.servers + 1):
            out["servers"][f"srv{k}"] = [f"203.0.113.{100 + k}", f"203.0.113.{150 + k}", f"2001:db8::{100 + k}"]
        for name, c in self.clients.items():
            entry = dict(c)
            for path in glob.glob(f"{self.dir}/{name}*.link"):
                if os.path.basename(path).split(".")[0] in (name, f"{name}-r1", f"{name}-r2"):
                    entry["link_now"] = open(path).read().strip()
                    entry["link_stats"] = json.loads(open(path + ".stats").read())
            out["clients"][name] = entry
        return out

    def set_link(self, name, lines):
        self.load()
        path = self.link_file(name)
        with open(path + ".new", "w") as f:
            f.write("\n".join(lines) + "\n")
        os.rename(path + ".new", path)

    def rewan(self, name):
        self.load()
        c = self.clients[name]
        router = f"{name}-r{len(c['nat'])}"
        new = c["public"].rsplit(".", 1)
        new = f"{new[0]}.{(int(new[1]) - 200 + 20) % 40 + 200}"
        self.ip(router, "addr", "del", c["public"] + "/24", "dev", "wan0")  # masquerade forgets its mappings here
        self.address(router, "wan0", new + "/24")
        self.ip(router, "route", "replace", "default", "via", "203.0.113.1")
        c["public"] = new
        self.save()
        return new

    def down(self, kill):
        try:
            self.load()
        except SystemExit:
            self.pids = []
        left = {}
        for ns in self.namespaces():
            pids = subprocess.run(["ip", "netns", "pids", ns], text=True, capture_output=True).stdout.split()
            pids = [int(p) for p in pids if int(p) not in self.pids]
            if pids:
                left[ns] = pids
        if left and not kill:
            raise SystemExit(f"natlab: processes still run in the lab: {left}; end them, or use down --kill")
        for pid in [p for pids in left.values() for p in pids]:
            end(pid)
        for pid in self.pids:
            if comm(pid) == "wanem":
                end(pid)
        for ns in self.namespaces():
            sh("ip", "netns", "del", ns)
            shutil.rmtree(f"/etc/netns/{ns}", ignore_errors=True)
        shutil.rmtree(self.dir, ignore_errors=True)

    # probing ------------------------------------------------------------------------------------------------------
    def probe(self):
        """Measures mapping and filtering of every client's NAT with a UDP echo on two addresses and two ports."""
        self.load()
        server = subprocess.Popen(["ip", "netns", "exec", self.ns("srv1"), sys.executable, PROBE, "echo"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        results, ok = {}, True
        try:
            measured = {n: c for n, c in self.clients.items() if c["v6"] != "only"}
            running = {n: subprocess.Popen(["ip", "netns", "exec", self.ns(n), sys.executable, PROBE, "probe"],
                                           stdout=subprocess.PIPE, text=True) for n in measured}
            for name, c in measured.items():
                seen = json.loads(running[name].communicate()[0])
                nat = c["nat"] if "lan" not in c else self.clients[c["lan"]]["nat"]
                want = expected(nat)
                if "lan" in c:  # a full cone leads to its first client only; the second one is not measured
                    want = {} if "fullcone" in nat or "restricted" in nat else want
                good = all(seen[k] == v for k, v in want.items())
                ok &= good
                results[name] = {"nat": "+".join(nat), "ok": good, **seen, **({} if good else {"expected": want})}
        finally:
            server.terminate()
            server.wait()
        print(json.dumps(results, indent=1))
        return 0 if ok else 1


def comm(pid):
    try:
        return open(f"/proc/{pid}/comm").read().strip()
    except OSError:
        return None


def end(pid):
    for signal in (15, 9):
        try:
            os.kill(pid, signal)
        except ProcessLookupError:
            return
        for _ in range(40):
            state = None
            try:
                state = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
            except OSError:
                return
            if state == "Z":
                return
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--name", default="nl", help="the lab's name: the prefix of its namespaces (at most 6 letters)")
    sub = parser.add_subparsers(dest="do", required=True)
    up = sub.add_parser("up")
    up.add_argument("--client", action="append", default=[])
    up.add_argument("--servers", type=int, default=1)
    up.add_argument("--wanem", default=os.environ.get("WANEM") or shutil.which("wanem"))
    for simple in ("status", "probe"):
        sub.add_parser(simple)
    ex = sub.add_parser("exec")
    ex.add_argument("host")
    ex.add_argument("command", nargs=argparse.REMAINDER)
    change = sub.add_parser("set")
    change.add_argument("client")
    change.add_argument("line", nargs="+")
    sub.add_parser("rewan").add_argument("client")
    sub.add_parser("down").add_argument("--kill", action="store_true")
    args = parser.parse_args()
    lab = Lab(args.name)
    if args.do == "up":
        lab.up(args.client, args.servers, args.wanem)
        print(json.dumps(lab.status(), indent=1))
    elif args.do == "status":
        print(json.dumps(lab.status(), indent=1))
    elif args.do == "probe":
        return lab.probe()
    elif args.do == "exec":
        lab.load()
        os.execvp("ip", ["ip", "netns", "exec", lab.ns(args.host), *args.command])
    elif args.do == "set":
        lab.set_link(args.client, args.line)
    elif args.do == "rewan":
        print(lab.rewan(args.client))
    elif args.do == "down":
        lab.down(args.kill)
    return 0


if __name__ == "__main__":
    sys.exit(main())
