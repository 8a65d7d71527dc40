//! What a publisher is told.

use std::time::{Duration, Instant};

use rtp::extension::AbsSendTime;

use super::{INTERVAL, INTERVAL_MIN, Incoming, MIN_BPS, START_BPS};
use crate::tests::epoch;

const MS: Duration = Duration::from_millis(1);

/// One publisher that sends packets of 1,000 bytes at a rate over a path of another.
struct Path {
    incoming: Incoming,
    now: Instant,
    begun: Instant,
    busy_until: Instant,
    stamped: bool,
    told: Vec<(Duration, u64)>,
}

impl Path {
    fn new(stamped: bool) -> Self {
        let begun = epoch();
        Self { incoming: Incoming::new(begun), now: begun, begun, busy_until: begun, stamped, told: Vec::new() }
    }

    fn run(&mut self, time: Duration, sent_bps: u64, path_bps: u64) -> u64 {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_nanos(8_000_000_000_000 / sent_bps);
            self.busy_until = self.busy_until.max(self.now) + Duration::from_nanos(8_000_000_000_000 / path_bps);
            // The publisher's clock comes round every 64 seconds.
            let sent = AbsSendTime::from_micros(60_000_000 + (self.now - self.begun).as_micros() as u64);
            self.incoming.handle_arrival(self.busy_until, self.stamped.then_some(sent), 1_000);
            if let Some(bps) = self.incoming.poll(self.busy_until) {
                self.told.push((self.busy_until - self.begun, bps));
            }
        }
        self.told.last().unwrap().1
    }
}

#[test]
fn who_sends_more_and_more_may_send_half_more_than_arrives() {
    let mut path = Path::new(true);
    assert_eq!(path.run(200 * MS, 500_000, 10_000_000), START_BPS);
    let told = path.run(30_000 * MS, 2_000_000, 10_000_000);
    assert!((2_500_000..3_200_000).contains(&told), "{told}");
    let intervals = path.told.windows(2).map(|pair| pair[1].0 - pair[0].0);
    assert!(intervals.clone().all(|interval| interval >= INTERVAL), "once a second: {:?}", intervals.min());
}

#[test]
fn a_queue_on_the_way_is_answered_at_once_with_what_fits() {
    let mut path = Path::new(true);
    path.run(5_000 * MS, 2_000_000, 10_000_000);
    let since = path.told.len();
    path.run(1_500 * MS, 2_000_000, 1_000_000);
    let (_, told) = path.told[path.told.len() - 1];
    assert!((400_000..1_000_000).contains(&told), "{told}");
    let intervals: Vec<_> = path.told[since - 1..].windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(intervals.iter().any(|interval| *interval < INTERVAL), "{intervals:?}");
    assert!(intervals.iter().all(|interval| *interval >= INTERVAL_MIN), "{intervals:?}");
}

#[test]
fn without_times_of_sending_loss_decides() {
    let mut path = Path::new(false);
    let before = path.run(3_000 * MS, 1_000_000, 10_000_000);
    path.incoming.handle_loss(path.now, 64);
    let after = path.run(1_000 * MS, 1_000_000, 10_000_000);
    assert!(after < before * 95 / 100, "{before} then {after}");
    for _ in 0..100 {
        path.now += INTERVAL;
        path.incoming.handle_loss(path.now, 255);
    }
    assert_eq!(path.incoming.poll(path.now + INTERVAL), Some(MIN_BPS));
}

#[test]
fn before_the_first_packet_nothing_is_told() {
    let mut incoming = Incoming::new(epoch());
    assert_eq!((incoming.poll_timeout(), incoming.poll(epoch() + INTERVAL)), (None, None));
}
