//! The estimate on paths of many kinds.

mod path;

use std::time::Duration;

use rtp::rtcp::{self, TransportFeedbackBuilder, Writer};

use self::path::{Application, Bottleneck, Path};
use super::{Condition, Config, Estimator, Purpose};

const MS: Duration = Duration::from_millis(1);

/// More than any path here carries.
const GREEDY: Application = Application::Elastic(20_000_000);

const LAYERS: Application = Application::Layers([150_000, 500_000, 1_700_000]);

#[test]
fn a_second_suffices_to_find_a_capacity_five_times_the_start() {
    let mut path = Path::new(Bottleneck::default(), GREEDY);
    let took = path.seconds_until(|kbps| kbps > 2_500);
    assert!(took < 1.0, "{took} s");
}

#[test]
fn a_full_link_is_used_without_a_long_queue() {
    for rate_bps in [300_000, 1_000_000, 3_000_000, 12_000_000] {
        let mut path = Path::new(Bottleneck { rate_bps, ..Bottleneck::default() }, GREEDY);
        path.run(10.0);
        path.queue_max = Duration::ZERO;
        let share = path.delivered_kbps(30.0) * 100_000 / rate_bps;
        assert!(share > 78, "{rate_bps} bit/s: {share} %");
        assert!(path.queue_max < 400 * MS, "{rate_bps} bit/s: {:?}", path.queue_max);
    }
}

#[test]
fn a_link_that_shrinks_is_followed_within_a_second_and_its_queue_empties() {
    let mut path = Path::new(Bottleneck::default(), GREEDY);
    path.run(10.0);
    path.bottleneck.rate_bps = 500_000;
    let took = path.seconds_until(|kbps| kbps < 500);
    assert!(took < 1.0, "{took} s");
    path.run(5.0);
    path.queue_max = Duration::ZERO;
    path.run(15.0);
    assert!(path.queue_max < 250 * MS, "{:?}", path.queue_max);
    assert!(path.estimate_kbps() > 380, "{}", path.estimate_kbps());
}

#[test]
fn a_link_that_grows_is_found_by_a_probe() {
    let mut path = Path::new(Bottleneck { rate_bps: 400_000, ..Bottleneck::default() }, LAYERS);
    path.run(30.0);
    assert!((150..420).contains(&path.estimate_kbps()), "{}", path.estimate_kbps());
    path.bottleneck.rate_bps = 10_000_000;
    let took = path.seconds_until(|kbps| kbps > 1_870);
    assert!(took < 6.0, "{took} s");
}

#[test]
fn after_an_outage_the_old_rate_is_tried() {
    let mut path = Path::new(Bottleneck::default(), LAYERS);
    path.run(10.0);
    path.bottleneck.rate_bps = 300_000;
    path.run(2.0);
    path.bottleneck.rate_bps = 3_000_000;
    let took = path.seconds_until(|kbps| kbps > 1_700);
    assert!(took < 6.0, "{took} s");
}

#[test]
fn random_loss_of_five_percent_costs_little() {
    let bottleneck = Bottleneck { loss: 0.05, delay: 50 * MS, ..Bottleneck::default() };
    let mut path = Path::new(bottleneck, GREEDY);
    path.run(5.0);
    let kbps = path.delivered_kbps(60.0);
    assert!(kbps > 2_100, "{kbps} of 3000 kbit/s");
    let lost = path.estimator.loss.recent();
    assert!((0.02..0.09).contains(&lost), "{lost}");
}

#[test]
fn random_loss_of_ten_percent_leaves_a_picture() {
    let mut path = Path::new(Bottleneck { loss: 0.1, delay: 50 * MS, ..Bottleneck::default() }, LAYERS);
    path.run(5.0);
    let kbps = path.delivered_kbps(60.0);
    assert!(kbps > 1_200, "{kbps} of 1700 kbit/s");
}

#[test]
fn loss_that_begins_later_is_not_taken_for_congestion_for_long() {
    let mut path = Path::new(Bottleneck { rate_bps: 10_000_000, ..Bottleneck::default() }, LAYERS);
    path.run(60.0);
    path.bottleneck.loss = 0.05;
    path.run(10.0);
    let kbps = path.delivered_kbps(30.0);
    assert!(kbps > 1_300, "{kbps} of 1700 kbit/s");
}

#[test]
fn a_queue_too_short_to_be_seen_is_felt_by_its_loss() {
    let mut path = Path::new(Bottleneck { rate_bps: 1_000_000, queue_bytes: 6_000, ..Bottleneck::default() }, GREEDY);
    path.run(10.0);
    let (before, sent_kbps) = (path.queue_lost, path.delivered_kbps(30.0));
    let lost = path.queue_lost - before;
    assert!(sent_kbps > 700, "{sent_kbps}");
    // Of about 3,300 packets.
    assert!(lost < 165, "{lost}");
}

#[test]
fn a_receiver_that_takes_packets_in_bunches_is_not_taken_for_a_slow_path() {
    let bottleneck = Bottleneck { rate_bps: 20_000_000, bunch: 40 * MS, ..Bottleneck::default() };
    let mut path = Path::new(bottleneck, LAYERS);
    let took = path.seconds_until(|kbps| kbps > 1_870);
    assert!(took < 2.0, "{took} s");
}

#[test]
fn jitter_is_not_taken_for_a_queue() {
    let mut path = Path::new(Bottleneck { jitter: 30 * MS, ..Bottleneck::default() }, GREEDY);
    path.run(5.0);
    let kbps = path.delivered_kbps(30.0);
    assert!(kbps > 2_300, "{kbps} of 3000 kbit/s");
}

#[test]
fn a_path_that_becomes_longer_is_not_taken_for_a_queue_for_long() {
    let mut path = Path::new(Bottleneck::default(), LAYERS);
    path.run(20.0);
    path.bottleneck.delay = 300 * MS;
    path.run(10.0);
    let kbps = path.delivered_kbps(20.0);
    assert!(kbps > 1_400, "{kbps} of 1700 kbit/s");
}

#[test]
fn while_little_is_sent_the_estimate_neither_grows_nor_decays() {
    let mut path = Path::new(Bottleneck { rate_bps: 20_000_000, ..Bottleneck::default() }, GREEDY);
    path.run(5.0);
    path.application = Application::Fixed(100_000);
    path.run(1.0);
    let before = path.estimate_kbps();
    path.run(120.0);
    assert_eq!(path.estimate_kbps(), before);
}

#[test]
fn who_wants_no_more_is_not_probed() {
    let mut path = Path::new(Bottleneck::default(), Application::Fixed(300_000));
    path.run(60.0);
    assert_eq!(path.padding_bytes, 0);
}

#[test]
fn a_capped_viewer_pays_little_for_probes() {
    let mut path = Path::new(Bottleneck { rate_bps: 400_000, ..Bottleneck::default() }, LAYERS);
    path.run(10.0);
    path.padding_bytes = 0;
    path.run(60.0);
    let kbps = path.padding_bytes * 8 / 60 / 1_000;
    assert!(kbps <= 12, "{kbps} kbit/s");
}

#[test]
fn without_feedback_the_estimate_sinks_and_afterwards_returns() {
    let mut path = Path::new(Bottleneck::default(), LAYERS);
    path.run(10.0);
    path.feedback = false;
    path.run(5.0);
    let sunk = path.estimate_kbps();
    assert!((50..1_000).contains(&sunk), "{sunk}");
    path.feedback = true;
    let took = path.seconds_until(|kbps| kbps > 1_700);
    assert!(took < 6.0, "{took} s");
}

#[test]
fn one_run_is_as_the_other() {
    let run = || {
        let mut path = Path::new(Bottleneck { loss: 0.03, jitter: 10 * MS, ..Bottleneck::default() }, GREEDY);
        path.run(20.0).estimate_kbps()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_sender_that_is_late_itself_does_not_blame_the_path() {
    let mut now = path::start();
    let mut estimator = Estimator::new(Config::default(), now);
    let begun = now;
    for round in 0_u64..40 {
        // Each time it takes longer until what was gathered leaves.
        let left_at = now + Duration::from_millis(10 * round);
        for number in 1 + 10 * round..11 + 10 * round {
            estimator.handle_sent(now, number, 1_000, Purpose::Media);
        }
        estimator.handle_departure(left_at);
        let arrival_us = (left_at - begun).as_micros() as i64 + 5_000;
        let mut builder = TransportFeedbackBuilder::new((1 + 10 * round) as u16, arrival_us);
        for number in 1 + 10 * round..11 + 10 * round {
            builder.push(number as u16, arrival_us);
        }
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).transport_feedback(1, 2, 0, &builder);
        let Some(Ok(rtcp::Packet::TransportFeedback(feedback))) = rtcp::read(&bytes).next() else { panic!("unread") };
        now = left_at + 10 * MS;
        estimator.handle_feedback(now, &feedback);
    }
    assert_eq!(estimator.condition(), Condition::Open);
}

#[test]
fn the_estimate_stays_within_its_bounds() {
    let now = path::start();
    let config = Config { start_bps: 1_000_000, min_bps: 100_000, max_bps: 2_000_000, remb_min_bps: 0 };
    let mut estimator = Estimator::new(config, now);
    estimator.handle_remb(now, u64::MAX);
    assert_eq!(estimator.estimate_bps(), 2_000_000);
    estimator.handle_remb(now, 0);
    assert_eq!(estimator.estimate_bps(), 100_000);
}

#[test]
fn a_receiver_to_whom_next_to_nothing_was_sent_has_not_measured_its_path() {
    let now = path::start();
    let mut estimator = Estimator::new(Config::default(), now);
    estimator.handle_remb(now, 60_000);
    assert_eq!(estimator.estimate_bps(), Config::default().remb_min_bps);
    estimator.handle_remb(now, 400_000);
    assert_eq!(estimator.estimate_bps(), 400_000);
}

#[test]
fn where_only_reports_come_the_receiver_s_estimate_and_loss_decide() {
    let mut now = path::start();
    let mut estimator = Estimator::new(Config::default(), now);
    estimator.handle_remb(now, 1_500_000);
    assert_eq!(estimator.estimate_bps(), 1_500_000);
    for number in 0..200 {
        now += 5 * MS;
        estimator.handle_sent(now, number, 1_000, Purpose::Media);
    }
    estimator.handle_report_block(now, 64, Some(80 * MS), None);
    assert_eq!(estimator.estimate_bps(), 1_312_500, "a quarter was lost");
    assert_eq!(estimator.round_trip_us, Some(80_000));
    for number in 200..400 {
        now += 5 * MS;
        estimator.handle_sent(now, number, 1_000, Purpose::Media);
    }
    estimator.handle_report_block(now, 0, None, None);
    assert!(estimator.estimate_bps() > 1_400_000, "{}", estimator.estimate_bps());
    assert_eq!(estimator.poll_timeout(), None, "silence means nothing where no feedback was promised");
}

#[test]
fn feedback_about_what_was_never_sent_changes_nothing() {
    let now = path::start();
    let mut estimator = Estimator::new(Config::default(), now);
    estimator.handle_sent(now, 70_000, 1_000, Purpose::Media);
    let mut bytes = Vec::new();
    let mut builder = TransportFeedbackBuilder::new(100, 0);
    for number in 100..1_400 {
        builder.push(number, i64::from(number));
    }
    Writer::new(&mut bytes).transport_feedback(1, 2, 0, &builder);
    let Some(Ok(rtcp::Packet::TransportFeedback(feedback))) = rtcp::read(&bytes).next() else { panic!("unread") };
    estimator.handle_feedback(now + 10 * MS, &feedback);
    assert_eq!(estimator.estimate_bps(), Config::default().start_bps);
}

#[test]
fn a_packet_costs_no_allocation() {
    let mut path = Path::new(Bottleneck::default(), GREEDY);
    path.run(5.0);
    let (estimator, now) = (&mut path.estimator, path::start() + Duration::from_secs(10));
    let mut bytes = Vec::new();
    let mut builder = TransportFeedbackBuilder::new(0x7000, 0);
    builder.push(0x7000, 0);
    Writer::new(&mut bytes).transport_feedback(1, 2, 0, &builder);
    let info = allocation_counter::measure(|| {
        estimator.handle_sent(now, 0x1_7000, 1_000, Purpose::Media);
        for packet in rtcp::read(&bytes) {
            let Ok(rtcp::Packet::TransportFeedback(feedback)) = packet else { continue };
            estimator.handle_feedback(now, &feedback);
        }
    });
    assert_eq!(info.count_total, 0);
}
