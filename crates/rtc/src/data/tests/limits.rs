use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn channels_end_and_one_more_ends_the_association() {
    let mut pair = Pair::connected();
    let max = u16::try_from(CHANNELS_MAX).unwrap();
    (0..max).for_each(|n| pair.open(n * 2, 0x00, "x"));
    pair.run(SECOND);
    assert_eq!(pair.outputs.len(), CHANNELS_MAX);
    assert!(pair.outputs.iter().all(|output| matches!(output, Output::Opened { .. })));
    pair.open(max * 2, 0x00, "x");
    pair.run(SECOND);
    let lost = Output::Lost { reason: LostReason::TooManyChannels { max: CHANNELS_MAX } };
    assert_eq!(pair.outputs.last(), Some(&lost));
}

#[test]
fn channels_that_were_closed_do_not_count() {
    let mut pair = Pair::opened();
    for _ in 0..CHANNELS_MAX + 2 {
        pair.client.association.stream(0).unwrap().close().unwrap();
        pair.run(SECOND);
        pair.open(0, 0x00, "again");
        pair.run(SECOND);
    }
    assert!(pair.outputs.iter().all(|output| !matches!(output, Output::Lost { .. })));
    assert!(pair.server.channels.len() == 1 && pair.server.strangers.is_empty());
}

#[test]
fn messages_end_where_the_client_says_or_we_do() {
    let mut small = Pair::new(DataParameters { remote_port: 5000, remote_message_bytes_max: Some(100) });
    small.run(SECOND);
    small.open(0, 0x00, "x");
    small.run(SECOND);
    let send = |pair: &mut Pair, bytes: usize| {
        let sent = pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &vec![1; bytes]);
        pair.run(SECOND);
        sent
    };
    assert_eq!(send(&mut small, 100), Ok(()));
    assert_eq!(send(&mut small, 101), Err(SendError::TooLong { bytes: 101, max: 100 }));
    small.server.renegotiate(DataParameters { remote_port: 5000, remote_message_bytes_max: None });
    assert_eq!(send(&mut small, MESSAGE_BYTES_MAX), Ok(()));
    let error = SendError::TooLong { bytes: MESSAGE_BYTES_MAX + 1, max: MESSAGE_BYTES_MAX };
    assert_eq!(send(&mut small, MESSAGE_BYTES_MAX + 1), Err(error));
    let lengths: Vec<usize> = small.client.messages.iter().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(lengths, [100, MESSAGE_BYTES_MAX]);
}

#[test]
fn the_longest_message_is_received_and_a_longer_one_is_not() {
    let mut pair = Pair::opened();
    pair.client.association.set_max_send_message_size(u32::MAX);
    pair.write(0, PayloadProtocolIdentifier::Binary, &vec![1; MESSAGE_BYTES_MAX]);
    pair.run(SECOND * 5);
    assert!(matches!(&pair.outputs[..], [Output::Message { bytes, .. }] if bytes.len() == MESSAGE_BYTES_MAX));
    pair.write(0, PayloadProtocolIdentifier::Binary, &vec![1; MESSAGE_BYTES_MAX + 1]);
    pair.run(SECOND * 5);
    assert!(
        matches!(&pair.outputs[1..], [Output::Closed { .. }, Output::Lost { .. }]),
        "{} outputs",
        pair.outputs.len()
    );
}

#[test]
fn what_waits_to_be_sent_ends() {
    let mut pair = Pair::opened();
    let message = vec![1; MESSAGE_BYTES_MAX];
    let sent = (0..).take_while(|_| pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &message).is_ok());
    assert_eq!(sent.count(), SEND_BUFFER_BYTES_MAX / MESSAGE_BYTES_MAX);
    let full = SendError::BufferFull { bytes: SEND_BUFFER_BYTES_MAX, max: SEND_BUFFER_BYTES_MAX };
    assert_eq!(pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &[1]), Err(full));
    pair.run(SECOND * 120);
    assert_eq!(pair.server.buffered_bytes(), 0);
    assert_eq!(pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &[1]), Ok(()));
}

#[test]
fn packets_fit_into_a_datagram_with_the_record_around_them() {
    let mut pair = Pair::opened();
    pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &[1; 50_000]).unwrap();
    let mut longest = 0;
    while let Some(Output::Packet(packet)) = pair.server.poll_output() {
        longest = longest.max(packet.len());
    }
    assert!((1100..=1200 - 37).contains(&longest), "{longest}");
}

#[test]
fn closing_and_opening_again_makes_no_room_for_more_than_may_wait() {
    let mut pair = Pair::connected();
    let message = vec![1; MESSAGE_BYTES_MAX];
    for id in [0, 2, 4, 6, 8] {
        pair.open(id, 0x00, "x");
        pair.run(SECOND);
        for _ in 0..12 {
            // Refused when too much waits already.
            let _ = pair.server.send(pair.now, ChannelId(id), MessageKind::Binary, &message);
        }
        pair.client.association.stream(id).unwrap().close().unwrap();
        pair.run(Duration::from_millis(50));
        assert!(pair.server.buffered_bytes() <= SEND_BUFFER_BYTES_MAX);
    }
    assert!(pair.server.left_behind_bytes > 0, "the client went before it had everything");
}
