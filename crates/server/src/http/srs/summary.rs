//! `/api/v1/summaries`: this process and its machine. What is not known here stands in SRS's answers and not in these.

use std::time::Instant;

use serde_json::{Value, json};

use crate::clock;
use crate::http::site::Site;
use crate::system::share;

/// The figures of this moment.
pub(super) async fn summary(site: &Site, now: Instant) -> Value {
    let clients = site.census.take().await.list().len();
    let figures = site.system.figures(now);
    let (memory, network) = (figures.memory, figures.network);
    let now_ms = u64::try_from(clock::unix_time().as_millis()).unwrap_or(u64::MAX);
    let used = memory.total_kbyte.saturating_sub(memory.available_kbyte);
    let swap_used = memory.swap_total_kbyte.saturating_sub(memory.swap_free_kbyte);
    let [tcp, waiting, udp] = figures.sockets;
    json!({
        "ok": true,
        "now_ms": now_ms,
        "self": {
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
            "ppid": rustix::process::getppid().map_or(0, rustix::process::Pid::as_raw_pid),
            // Nothing but the name: settings stand behind it, and passwords among them.
            "argv": std::env::args().next().unwrap_or_default(),
            "cwd": std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default(),
            "mem_kbyte": figures.memory_kbyte,
            "mem_percent": share(figures.memory_kbyte, memory.total_kbyte),
            "cpu_percent": figures.cpu,
            "srs_uptime": figures.uptime.as_secs(),
        },
        "system": {
            "cpu_percent": figures.cpu_of_all,
            "disk_read_KBps": figures.disk.read_kbyte,
            "disk_write_KBps": figures.disk.written_kbyte,
            "disk_busy_percent": figures.disk.busy,
            "mem_ram_kbyte": memory.total_kbyte,
            "mem_ram_percent": share(used, memory.total_kbyte),
            "mem_swap_kbyte": memory.swap_total_kbyte,
            "mem_swap_percent": share(swap_used, memory.swap_total_kbyte),
            "cpus": std::thread::available_parallelism().map_or(1, usize::from),
            "cpus_online": std::thread::available_parallelism().map_or(1, usize::from),
            "uptime": figures.machine_uptime_s.0,
            // Spelt as SRS spells it.
            "ilde_time": figures.machine_uptime_s.1,
            "load_1m": figures.load[0],
            "load_5m": figures.load[1],
            "load_15m": figures.load[2],
            "net_sample_time": now_ms,
            "net_recv_bytes": network.received_bytes,
            "net_send_bytes": network.sent_bytes,
            "conn_sys": tcp + waiting + udp,
            "conn_sys_tw": waiting,
            "conn_sys_udp": udp,
            "conn_srs": clients,
        },
    })
}
