use super::*;

/// One stream with three packets: marked, lost, and of unknown time.
const BODY: &[u8] = &[
    0, 0, 0, 1, // sender
    0, 0, 0, 2, 0xff, 0xff, 0, 3, // stream, first number, three metrics
    0xe4, 0x00, 0x00, 0x00, 0xbf, 0xff, 0, 0, // metrics and padding
    0x12, 0x34, 0x56, 0x78, // report timestamp
];

#[test]
fn packets_come_with_number_mark_and_offset() {
    let feedback = CongestionFeedback::read(BODY).unwrap();
    assert_eq!((feedback.sender_ssrc, feedback.report_timestamp), (1, 0x1234_5678));
    let streams: Vec<_> = feedback.streams().collect();
    assert_eq!(streams.len(), 1);
    assert_eq!(streams[0].ssrc, 2);
    assert_eq!(
        streams[0].packets().collect::<Vec<_>>(),
        [
            (65535, Some(Metric { ecn: Ecn::CongestionExperienced, offset: Some(1024) })),
            (0, None),
            (1, Some(Metric { ecn: Ecn::Ect1, offset: None })),
        ]
    );
}

#[test]
fn a_cut_report_is_refused() {
    for length in [0, 4, 7, 11, 13, 17, 19, 23] {
        assert_eq!(CongestionFeedback::read(&BODY[..length]).unwrap_err(), ParseError::Truncated, "{length} bytes");
    }
}

#[test]
fn more_metrics_than_the_rfc_allows_are_refused() {
    let mut body = vec![0; 8 + 4];
    for (count, valid) in [(METRICS_MAX, true), (METRICS_MAX + 1, false)] {
        body.truncate(10);
        body.extend(count.to_be_bytes());
        body.resize(12 + usize::from(count.next_multiple_of(2)) * 2 + 4, 0);
        assert_eq!(CongestionFeedback::read(&body).is_ok(), valid, "{count}");
    }
}
