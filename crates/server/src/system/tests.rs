use std::time::Duration;

use super::{DiskLoad, Disks, Network, System, labelled, network, share, worded};
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
fn disks_are_read_without_their_partitions_and_their_load_is_by_the_second() {
    let stats = "   7 0 loop0 9 9 9 9 9 9 9 9 9 9 9\n   8 0 sda 5 0 100 3 7 0 400 9 0 250 12\n   8 1 sda1 5 0 100 3 7 0 400 9 0 250 12\n";
    let disks = Disks::sum(stats, &["sda".to_owned()]);
    assert_eq!(disks, Disks { read_sectors: 100, written_sectors: 400, busy_ms: 250 });
    let load = disks.load_since(Disks::default(), Duration::from_millis(500));
    assert_eq!(load, DiskLoad { read_kbyte: 100.0, written_kbyte: 400.0, busy: 0.5 });
    let at_once = disks.load_since(Disks::default(), Duration::from_millis(10));
    assert!((at_once.busy - 1.0).abs() < f64::EPSILON, "several disks are not busier than one");
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
