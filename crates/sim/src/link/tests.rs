use super::*;
use crate::clock::Clock;
use crate::seed::Seed;

const PACKETS: u32 = 20_000;
const SPACING: Duration = Duration::from_millis(1);

fn arrivals(config: LinkConfig) -> Vec<(Instant, Arrivals)> {
    let mut link = Link::new(config, Seed::new(3).generator("link"));
    let start = Clock::new().now();
    (0..PACKETS)
        .map(|number| {
            let sent = start + number * SPACING;
            (sent, link.transmit(sent, 100))
        })
        .collect()
}

fn lost(arrivals: &[(Instant, Arrivals)]) -> usize {
    arrivals.iter().filter(|(_, [first, _])| first.is_none()).count()
}

#[test]
fn a_perfect_link_delays_every_packet_by_the_same_time() {
    for (sent, [first, second]) in arrivals(LinkConfig::default()) {
        assert_eq!(first, Some(sent + Duration::from_millis(15)));
        assert_eq!(second, None);
    }
}

#[test]
fn jitter_stays_in_its_bounds_and_keeps_the_order() {
    let jitter = Duration::from_millis(30);
    let all = arrivals(LinkConfig { jitter, ..LinkConfig::default() });
    let times: Vec<_> = all.iter().filter_map(|(_, [first, _])| *first).collect();
    assert!(times.is_sorted());
    let spread = all.iter().filter_map(|(sent, [first, _])| Some(first.as_ref()?.duration_since(*sent)));
    let (low, high) = (spread.clone().min(), spread.max());
    assert!(low >= Some(Duration::from_millis(15)));
    assert!(high > Some(Duration::from_millis(40)) && high < Some(Duration::from_millis(45)));
}

#[test]
fn random_loss_loses_its_share() {
    let lost = lost(&arrivals(LinkConfig::lossy(0.05)));
    assert!((850..1_150).contains(&lost), "{lost} of {PACKETS}");
}

#[test]
fn burst_loss_comes_in_spells_of_the_length_that_was_asked_for() {
    let loss = Loss::Burst { every: Duration::from_millis(95), lasting: Duration::from_millis(5) };
    let all = arrivals(LinkConfig { loss, ..LinkConfig::default() });
    let mut runs = 0;
    let mut before_arrived = true;
    for (_, [first, _]) in &all {
        runs += usize::from(before_arrived && first.is_none());
        before_arrived = first.is_some();
    }
    let lost = lost(&all);
    assert!((800..1_200).contains(&lost), "{lost} of {PACKETS}");
    // Spells shorter than the spacing of the packets are seldom seen, so those that are seen are a little longer.
    let mean = lost as f64 / runs as f64;
    assert!((4.5..6.5).contains(&mean), "mean run {mean}");
}

#[test]
fn reordering_lets_later_packets_overtake() {
    let all = arrivals(LinkConfig { reorder: 0.1, ..LinkConfig::default() });
    let times: Vec<_> = all.iter().filter_map(|(_, [first, _])| *first).collect();
    let overtaken = times.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!((1_500..2_100).contains(&overtaken), "{overtaken}");
}

#[test]
fn duplication_delivers_twice() {
    let all = arrivals(LinkConfig { duplicate: 0.1, ..LinkConfig::default() });
    let twice = all.iter().filter(|(_, [_, second])| second.is_some()).count();
    assert!((1_800..2_200).contains(&twice), "{twice}");
}

#[test]
fn a_rate_spaces_packets_and_its_queue_overflows_at_the_tail() {
    let config = LinkConfig { rate_bps: Some(8_000), queue_bytes: 1_000, ..LinkConfig::default() };
    let mut link = Link::new(config, Seed::new(3).generator("link"));
    let start = Clock::new().now();
    // 100 bytes at 1000 bytes a second: one each 100 ms, ten may wait.
    for place in 1..=10 {
        let [first, _] = link.transmit(start, 100);
        assert_eq!(first, Some(start + place * Duration::from_millis(100) + config.delay));
    }
    assert_eq!(link.transmit(start, 100), [None, None]);
    let later = start + Duration::from_millis(100);
    assert!(link.transmit(later, 100)[0].is_some());
    assert_eq!(link.transmit(later, 100), [None, None]);
}

#[test]
fn a_cut_link_passes_nothing_and_a_mended_one_everything() {
    let mut link = Link::new(LinkConfig::cut(), Seed::new(3).generator("link"));
    let now = Clock::new().now();
    assert_eq!(link.transmit(now, 1), [None, None]);
    link.set_config(LinkConfig::default());
    assert!(link.transmit(now, 1)[0].is_some());
}
