use std::time::Duration;

use super::{Network, System, labelled, network, share, worded};
use crate::clock;

const DEV: &str = "Inter-|   Receive |  Transmit\n face |bytes    packets errs\n    lo: 7 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n\
                   \u{20} eth0: 100 2 0 0 0 0 0 0 50 1 0 0 0 0 0 0\n  eth1:  11 2 0 0 0 0 0 0 22 1 0 0 0 0 0 0\n";

#[test]
fn what_the_kernel_writes_is_read() {
    assert_eq!(network(DEV), Network { received_bytes: 111, sent_bytes: 72 });
    let sockets = "sockets: used 9\nTCP: inuse 4 orphan 0 tw 2 alloc 5 mem 0\nUDP: inuse 3 mem 1\n";
    assert_eq!((worded(sockets, "TCP:", "inuse"), worded(sockets, "TCP:", "tw")), (4, 2));
    assert_eq!((worded(sockets, "UDP:", "inuse"), worded(sockets, "RAW:", "inuse")), (3, 0));
    assert_eq!((labelled("VmPeak: 9 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), labelled("", "VmRSS:")), (12, 0));
    assert!((share(1, 4) - 0.25).abs() < f64::EPSILON && share(1, 0) == 0.0);
}

#[test]
fn this_process_has_memory_and_a_share_of_the_processor() {
    let start = clock::now();
    let system = System::new(start);
    let first = system.figures(start);
    assert!(first.memory_kbyte > 1000 && first.memory.total_kbyte > first.memory_kbyte);
    assert_eq!(first.cpu, 0.0);
    let mut sum = 0_u64;
    for number in 0..20_000_000_u64 {
        sum = std::hint::black_box(sum.wrapping_add(number));
    }
    let later = system.figures(start + Duration::from_secs(2));
    assert!(later.cpu > 0.0 && later.uptime == Duration::from_secs(2), "{later:?}");
    assert_eq!(system.figures(start + Duration::from_millis(2500)), later, "of this second");
}
