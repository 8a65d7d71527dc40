//! wanem: a userspace WAN link between two network namespaces, for kernels without tc netem.
//!
//! It makes one TAP interface in each namespace and carries Ethernet frames between them, adding delay, jitter,
//! loss (independent or in bursts), a rate limit with a bounded queue, reordering and duplicates, for each direction apart.
//! No dependencies: build with `rustc -O wanem.rs`, run the unit tests with `rustc --test wanem.rs && ./wanem`.
//!
//! Usage (root):
//!   wanem --a NETNS:IFNAME --b NETNS:IFNAME --params FILE [--stats FILE] [--seed N]
//!     NETNS is a name from `ip netns`; an empty NETNS is the caller's own namespace.
//!     The interfaces appear down and without an address; bring them up with `ip -n NETNS link set IFNAME up`.
//!     They vanish when wanem ends.
//!
//! FILE is read again whenever it changes, so a link can be made worse or better during a call. One line per direction:
//!     up   delay=40 jitter=10 loss=1 rate=2000 queue=300     # a -> b
//!     down delay=40 burst=1,20                               # b -> a
//!     both loss=0                                            # both directions
//! A line replaces all settings of its direction; a missing key is zero (off).
//!   delay=MS jitter=MS   base delay, and a uniform +-jitter; frames keep their order unless `reorder` is set
//!   loss=PCT             independent loss; 100 cuts the link
//!   burst=P,R            Gilbert-Elliott bursts: enter the losing state with P % a frame, leave it with R %
//!   rate=KBIT queue=MS   serialisation rate, and the longest time a frame may wait for it (default 200, then tail drop)
//!   reorder=PCT          so many frames skip the delay
//!   dup=PCT              so many frames are sent twice
//! ARP and IPv6 neighbour discovery are never lost, only delayed: losing them stalls a link for seconds,
//! which is not what a lossy access link looks like.
//!
//! --stats: a JSON object, rewritten every second: per direction frames, bytes, lost, queue_drops, reordered, dup, delivered.

use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::raw::{c_char, c_int, c_long, c_short, c_ulong, c_void};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant, SystemTime};

unsafe extern "C" {
    fn ioctl(fd: c_int, request: c_ulong, ...) -> c_int;
    fn setns(fd: c_int, nstype: c_int) -> c_int;
    fn ppoll(fds: *mut PollFd, nfds: c_ulong, timeout: *const Timespec, sigmask: *const c_void) -> c_int;
}

const O_NONBLOCK: i32 = 0o4000;
const CLONE_NEWNET: c_int = 0x4000_0000;
const TUNSETIFF: c_ulong = 0x4004_54ca;
const IFF_TAP: c_short = 2;
const IFF_NO_PI: c_short = 0x1000;
const POLLIN: c_short = 1;

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: c_short,
    revents: c_short,
}

#[repr(C)]
struct Timespec {
    sec: c_long,
    nsec: c_long,
}

#[repr(C)]
struct IfReq {
    name: [c_char; 16],
    flags: c_short,
    pad: [u8; 22],
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Params {
    delay_ms: f64,
    jitter_ms: f64,
    loss: f64,
    burst_enter: f64,
    burst_leave: f64,
    rate_kbit: f64,
    queue_ms: f64,
    reorder: f64,
    dup: f64,
}

/// Parses a parameter file into (up, down).
fn parse(text: &str) -> Result<(Params, Params), String> {
    let (mut up, mut down) = (Params::default(), Params::default());
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split_whitespace();
        let which = words.next().unwrap_or("");
        let mut p = Params { queue_ms: 200.0, ..Params::default() };
        for word in words {
            let bad = || format!("line {}: bad setting {word:?}", i + 1);
            let (key, value) = word.split_once('=').ok_or_else(bad)?;
            if key == "burst" {
                let (enter, leave) = value.split_once(',').ok_or_else(bad)?;
                p.burst_enter = number(enter).ok_or_else(bad)? / 100.0;
                p.burst_leave = number(leave).ok_or_else(bad)? / 100.0;
                continue;
            }
            let n = number(value).ok_or_else(bad)?;
            match key {
                "delay" => p.delay_ms = n,
                "jitter" => p.jitter_ms = n,
                "loss" => p.loss = n / 100.0,
                "rate" => p.rate_kbit = n,
                "queue" => p.queue_ms = n,
                "reorder" => p.reorder = n / 100.0,
                "dup" => p.dup = n / 100.0,
                _ => return Err(bad()),
            }
        }
        match which {
            "up" => up = p,
            "down" => down = p,
            "both" => {
                up = p.clone();
                down = p;
            }
            _ => return Err(format!("line {}: expected up, down or both, not {which:?}", i + 1)),
        }
    }
    Ok((up, down))
}

fn number(s: &str) -> Option<f64> {
    s.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0)
}

/// xorshift64*: small, seedable, good enough to drop packets with.
struct Rng(u64);

impl Rng {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn hit(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.unit() < probability
    }
}

#[derive(Default)]
struct Stats {
    frames: u64,
    bytes: u64,
    lost: u64,
    queue_drops: u64,
    reordered: u64,
    dup: u64,
    delivered: u64,
}

impl Stats {
    fn json(&self) -> String {
        format!(
            "{{\"frames\":{},\"bytes\":{},\"lost\":{},\"queue_drops\":{},\"reordered\":{},\"dup\":{},\"delivered\":{}}}",
            self.frames, self.bytes, self.lost, self.queue_drops, self.reordered, self.dup, self.delivered
        )
    }
}

struct Waiting {
    due: Instant,
    seq: u64,
    frame: Vec<u8>,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.seq == other.seq
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    // Reversed: BinaryHeap is a max-heap and the earliest frame must come out first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.due, other.seq).cmp(&(self.due, self.seq))
    }
}

/// One direction of the link.
struct Direction {
    params: Params,
    rng: Rng,
    losing: bool,
    free_at: Instant,
    last_due: Instant,
    seq: u64,
    queue: BinaryHeap<Waiting>,
    stats: Stats,
}

/// True for ARP and IPv6 neighbour discovery / router messages.
fn is_neighbour(frame: &[u8]) -> bool {
    match frame.get(12..14) {
        Some([0x08, 0x06]) => true,
        Some([0x86, 0xdd]) => frame.get(20) == Some(&58) && matches!(frame.get(54), Some(133..=137)),
        _ => false,
    }
}

impl Direction {
    fn new(params: Params, seed: u64, now: Instant) -> Self {
        let rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Direction {
            params,
            rng,
            losing: false,
            free_at: now,
            last_due: now,
            seq: 0,
            queue: BinaryHeap::new(),
            stats: Stats::default(),
        }
    }

    fn accept(&mut self, frame: &[u8], now: Instant) {
        self.stats.frames += 1;
        self.stats.bytes += frame.len() as u64;
        let p = self.params.clone();
        if p.burst_enter > 0.0 {
            self.losing = if self.losing { !self.rng.hit(p.burst_leave) } else { self.rng.hit(p.burst_enter) };
        } else {
            self.losing = false;
        }
        if (self.losing || self.rng.hit(p.loss)) && !is_neighbour(frame) {
            self.stats.lost += 1;
            return;
        }
        let mut due = now;
        if p.rate_kbit > 0.0 {
            let start = self.free_at.max(now);
            if start - now > Duration::from_secs_f64(p.queue_ms / 1000.0) {
                self.stats.queue_drops += 1;
                return;
            }
            self.free_at = start + Duration::from_secs_f64(frame.len() as f64 * 8.0 / (p.rate_kbit * 1000.0));
            due = self.free_at;
        }
        if self.rng.hit(p.reorder) {
            self.stats.reordered += 1;
        } else {
            let wobble = p.jitter_ms * (2.0 * self.rng.unit() - 1.0);
            due += Duration::from_secs_f64((p.delay_ms + wobble).max(0.0) / 1000.0);
            due = due.max(self.last_due);
            self.last_due = due;
        }
        let copies = if self.rng.hit(p.dup) { 2 } else { 1 };
        self.stats.dup += copies - 1;
        for _ in 0..copies {
            self.seq += 1;
            self.queue.push(Waiting { due, seq: self.seq, frame: frame.to_vec() });
        }
    }

    fn deliver(&mut self, out: &mut File, now: Instant) {
        while self.queue.peek().is_some_and(|w| w.due <= now) {
            if let Some(w) = self.queue.pop() {
                // A full or downed interface drops the frame, as a link would.
                if out.write(&w.frame).is_ok() {
                    self.stats.delivered += 1;
                }
            }
        }
    }
}

fn enter(netns: &str) -> Result<(), String> {
    if netns.is_empty() {
        return Ok(());
    }
    let path = format!("/var/run/netns/{netns}");
    let file = File::open(&path).map_err(|e| format!("{path}: {e}"))?;
    // SAFETY: a plain system call on a descriptor that is open for its duration.
    if unsafe { setns(file.as_raw_fd(), CLONE_NEWNET) } != 0 {
        return Err(format!("setns {netns}: {}", std::io::Error::last_os_error()));
    }
    Ok(())
}

/// Makes TAP interface `name` in the current namespace; the descriptor keeps working after leaving it.
fn tap(name: &str) -> Result<File, String> {
    if name.is_empty() || name.len() > 15 {
        return Err(format!("bad interface name {name:?}"));
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(O_NONBLOCK)
        .open("/dev/net/tun")
        .map_err(|e| format!("/dev/net/tun: {e}"))?;
    let mut req = IfReq { name: [0; 16], flags: IFF_TAP | IFF_NO_PI, pad: [0; 22] };
    for (to, from) in req.name.iter_mut().zip(name.bytes()) {
        *to = from as c_char;
    }
    // SAFETY: TUNSETIFF reads and writes one ifreq (40 bytes), which `req` is.
    if unsafe { ioctl(file.as_raw_fd(), TUNSETIFF, &mut req) } != 0 {
        return Err(format!("TUNSETIFF {name}: {}", std::io::Error::last_os_error()));
    }
    Ok(file)
}

fn wait(fds: [RawFd; 2], timeout: Duration) {
    let mut polls = fds.map(|fd| PollFd { fd, events: POLLIN, revents: 0 });
    let ts = Timespec { sec: timeout.as_secs() as c_long, nsec: timeout.subsec_nanos() as c_long };
    // SAFETY: both pointers are to live locals of the declared layout; a null mask leaves signals alone.
    unsafe { ppoll(polls.as_mut_ptr(), 2, &ts, std::ptr::null()) };
}

/// Reads at most `limit` waiting frames into `dir`.
fn drain(from: &mut File, dir: &mut Direction, buf: &mut [u8], limit: usize) -> Result<(), String> {
    for _ in 0..limit {
        match from.read(buf) {
            Ok(n) => dir.accept(&buf[..n], Instant::now()),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => break,
            // EIO: the interface is down for the moment.
            Err(e) if e.raw_os_error() == Some(5) => break,
            Err(e) => return Err(format!("read: {e}")),
        }
    }
    Ok(())
}

fn run() -> Result<(), String> {
    let (mut a, mut b, mut params, mut stats, mut seed) = (None, None, None, None, 1u64);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().ok_or_else(|| format!("{arg} needs a value (see the head of wanem.rs)"))?;
        match arg.as_str() {
            "--a" => a = Some(value),
            "--b" => b = Some(value),
            "--params" => params = Some(value),
            "--stats" => stats = Some(value),
            "--seed" => seed = value.parse().map_err(|_| "bad --seed".to_string())?,
            _ => return Err(format!("unknown option {arg}")),
        }
    }
    let split = |s: Option<String>, name: &str| -> Result<(String, String), String> {
        let s = s.ok_or_else(|| format!("{name} is required"))?;
        let (ns, ifname) = s.split_once(':').ok_or_else(|| format!("{name} wants NETNS:IFNAME"))?;
        Ok((ns.to_string(), ifname.to_string()))
    };
    let (a, b) = (split(a, "--a")?, split(b, "--b")?);
    let params = params.ok_or("--params is required")?;
    let load = || -> Result<(Params, Params), String> {
        parse(&std::fs::read_to_string(&params).map_err(|e| format!("{params}: {e}"))?)
    };
    let modified = || std::fs::metadata(&params).and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut seen = modified();
    let (up, down) = load()?;

    let home = File::open("/proc/self/ns/net").map_err(|e| e.to_string())?;
    enter(&a.0)?;
    let mut tap_a = tap(&a.1)?;
    // SAFETY: a plain system call on an open descriptor; an empty NETNS for --b means where we started.
    if unsafe { setns(home.as_raw_fd(), CLONE_NEWNET) } != 0 {
        return Err("cannot return to the first namespace".into());
    }
    enter(&b.0)?;
    let mut tap_b = tap(&b.1)?;

    let start = Instant::now();
    let mut up = Direction::new(up, seed, start);
    let mut down = Direction::new(down, seed.wrapping_add(1), start);
    let mut buf = vec![0u8; 65_600];
    let mut next_check = start;
    let mut next_stats = start;
    let fds = [tap_a.as_raw_fd(), tap_b.as_raw_fd()];
    loop {
        let now = Instant::now();
        let mut wake = now + Duration::from_millis(100);
        for dir in [&up, &down] {
            if let Some(w) = dir.queue.peek() {
                wake = wake.min(w.due);
            }
        }
        wait(fds, wake.saturating_duration_since(now));
        drain(&mut tap_a, &mut up, &mut buf, 64)?;
        drain(&mut tap_b, &mut down, &mut buf, 64)?;
        let now = Instant::now();
        up.deliver(&mut tap_b, now);
        down.deliver(&mut tap_a, now);
        if now >= next_check {
            next_check = now + Duration::from_millis(100);
            let m = modified();
            if m != seen {
                seen = m;
                match load() {
                    Ok((u, d)) => {
                        up.params = u;
                        down.params = d;
                    }
                    Err(e) => eprintln!("wanem: kept the old settings: {e}"),
                }
            }
        }
        if let (true, Some(path)) = (now >= next_stats, &stats) {
            next_stats = now + Duration::from_secs(1);
            let text = format!("{{\"up\":{},\"down\":{}}}\n", up.stats.json(), down.stats.json());
            let temp = format!("{path}.tmp");
            std::fs::write(&temp, text)
                .and_then(|()| std::fs::rename(&temp, path))
                .map_err(|e| format!("{path}: {e}"))?;
        }
    }
}

fn main() {
    if let Err(e) = run() {
        eprintln!("wanem: {e}");
        std::process::exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(settings: &str) -> (Direction, Instant) {
        let now = Instant::now();
        (Direction::new(parse(settings).unwrap().0, 7, now), now)
    }

    #[test]
    fn parses_both_directions_and_refuses_nonsense() {
        let (up, down) = parse("both delay=5\nup loss=50 burst=1,20 # comment\n").unwrap();
        assert_eq!((up.delay_ms, up.loss, up.burst_leave, up.queue_ms), (0.0, 0.5, 0.2, 200.0));
        assert_eq!(down.delay_ms, 5.0);
        for bad in ["up delay", "side delay=1", "up delay=-1", "up speed=3", "up burst=1"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loses_about_as_many_as_asked_but_never_arp() {
        let (mut d, now) = direction("up loss=10");
        for _ in 0..10_000 {
            d.accept(&[0; 100], now);
        }
        assert!((900..1100).contains(&d.stats.lost), "{}", d.stats.lost);
        let mut arp = [0u8; 42];
        arp[12] = 8;
        arp[13] = 6;
        let (mut d, now) = direction("up loss=100");
        d.accept(&arp, now);
        assert_eq!((d.stats.lost, d.queue.len()), (0, 1));
    }

    #[test]
    fn keeps_order_under_jitter_and_breaks_it_when_asked() {
        let (mut d, now) = direction("up delay=20 jitter=20");
        for _ in 0..1000 {
            d.accept(&[0; 60], now);
        }
        let mut last = 0;
        while let Some(w) = d.queue.pop() {
            assert!(w.seq > last);
            last = w.seq;
        }
        let (mut d, now) = direction("up delay=20 reorder=10");
        for _ in 0..100 {
            d.accept(&[0; 60], now);
        }
        assert!(d.queue.pop().unwrap().due == now);
    }

    #[test]
    fn limits_the_rate_and_the_queue() {
        let (mut d, now) = direction("up rate=1000 queue=100");
        for _ in 0..100 {
            d.accept(&[0; 1250], now); // 10 ms each
        }
        assert_eq!(d.stats.queue_drops, 100 - 11);
        assert_eq!(d.free_at - now, Duration::from_millis(110));
    }
}
