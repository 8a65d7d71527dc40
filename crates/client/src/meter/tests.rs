use super::*;

#[expect(clippy::disallowed_methods, reason = "an arbitrary beginning")]
fn epoch() -> Instant {
    Instant::now()
}

/// Feeds packets with these sequence numbers, each 5 ms old.
fn feed(meter: &mut Meter, now: Instant, numbers: &[u16]) {
    for number in numbers {
        let mut payload = vec![0; 60];
        Stamp { run: 1, source: 1, number: 0, sent_us: 1_000 }.write(&mut payload);
        let arrival = Arrival { now, now_us: 6_000, sequence_number: *number, marker: false, payload: &payload };
        meter.packet(arrival, 1);
    }
}

#[test]
fn lost_packets_are_those_missing_between_first_and_last() {
    let (mut meter, now) = (Meter::new(Some(Codec::Opus)), epoch());
    feed(&mut meter, now, &[65534, 65535, 2, 1]);
    let figures = meter.figures(now);
    assert_eq!((figures.packets, figures.stamped, figures.lost, figures.bytes), (4, 4, 1, 240));
    assert!((4_900..=5_200).contains(&figures.delay.quantile_us(0.5).unwrap()));
}

#[test]
fn a_reset_counts_from_the_next_packet_on() {
    let (mut meter, now) = (Meter::new(Some(Codec::Opus)), epoch());
    feed(&mut meter, now, &[1, 2, 5]);
    meter.reset(now);
    assert_eq!(meter.figures(now).packets, 0);
    feed(&mut meter, now, &[6, 8]);
    let figures = meter.figures(now);
    assert_eq!((figures.packets, figures.lost), (2, 1));
    assert_eq!(figures.first_frame, Some(now));
}

#[test]
fn stamps_of_another_run_are_not_counted() {
    let (mut meter, now) = (Meter::new(Some(Codec::Opus)), epoch());
    let mut payload = vec![0; 60];
    Stamp { run: 9, source: 1, number: 0, sent_us: 1_000 }.write(&mut payload);
    meter.packet(Arrival { now, now_us: 0, sequence_number: 1, marker: false, payload: &payload }, 1);
    assert_eq!((meter.figures(now).packets, meter.figures(now).stamped), (1, 0));
}
