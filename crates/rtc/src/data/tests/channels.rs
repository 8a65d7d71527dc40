use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_channel_is_opened_by_the_client_and_acknowledged() {
    let mut pair = Pair::connected();
    pair.open(2, 0x81, "echo");
    pair.run(SECOND);
    let delivery = Delivery { ordered: false, reliability: Reliability::Retransmits(0) };
    let opened = Output::Opened { channel: ChannelId(2), label: "echo".to_owned(), delivery };
    assert_eq!(pair.outputs, [opened]);
    assert_eq!(pair.client.acknowledgements, 1);
}

#[test]
fn messages_go_both_ways_with_their_kind_and_empty_ones_too() {
    let mut pair = Pair::opened();
    let kinds = [
        (PayloadProtocolIdentifier::String, MessageKind::Text, &b"word"[..]),
        (PayloadProtocolIdentifier::Binary, MessageKind::Binary, &[0, 255][..]),
        (PayloadProtocolIdentifier::StringEmpty, MessageKind::Text, &[][..]),
        (PayloadProtocolIdentifier::BinaryEmpty, MessageKind::Binary, &[][..]),
    ];
    for (identifier, kind, bytes) in kinds {
        pair.write(0, identifier, if bytes.is_empty() { &[0] } else { bytes });
        pair.server.send(pair.now, ChannelId(0), kind, bytes).unwrap();
    }
    pair.run(SECOND);
    let expected = kinds.map(|(_, kind, bytes)| Output::Message { channel: ChannelId(0), kind, bytes: bytes.to_vec() });
    assert_eq!(pair.outputs, expected);
    let expected = kinds.map(|(ppi, _, bytes)| (ppi, if bytes.is_empty() { vec![0] } else { bytes.to_vec() }));
    assert_eq!(pair.client.messages, expected);
}

#[test]
fn a_reliable_message_survives_a_third_of_the_packets_being_lost() {
    let mut pair = Pair::opened();
    pair.loses = |packet| packet % 3 == 0;
    let long: Vec<u8> = (0..60_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    pair.write(0, PayloadProtocolIdentifier::Binary, &long);
    pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, &long).unwrap();
    pair.run(SECOND * 60);
    let expected = Output::Message { channel: ChannelId(0), kind: MessageKind::Binary, bytes: long.clone() };
    assert!(pair.outputs == [expected], "{} outputs", pair.outputs.len());
    assert!(pair.client.messages == [(PayloadProtocolIdentifier::Binary, long)]);
}

#[test]
fn a_megabyte_in_pieces_arrives_whole_and_in_order_over_links_that_lose_one_packet_in_twenty() {
    let mut pair = Pair::opened();
    pair.loses = |packet| packet % 20 == 3;
    pair.loses_back = |packet| packet % 20 == 11;
    let pieces: Vec<Vec<u8>> = (0..64).map(|number| vec![number; 16 * 1024]).collect();
    for piece in &pieces {
        pair.server.send(pair.now, ChannelId(0), MessageKind::Binary, piece).unwrap();
    }
    pair.run(SECOND * 300);
    let came: Vec<&Vec<u8>> = pair.client.messages.iter().map(|(_, bytes)| bytes).collect();
    assert!(came.into_iter().eq(&pieces), "{} came", pair.client.messages.len());
    assert_eq!(pair.server.buffered_bytes(), 0);
}

#[test]
fn an_unreliable_message_that_is_lost_holds_nothing_up() {
    let mut pair = Pair::connected();
    pair.open(0, 0x81, "echo");
    pair.run(SECOND);
    let mut stream = pair.client.association.stream(0).unwrap();
    stream.set_reliability_params(true, sctp_proto::ReliabilityType::Rexmit, 0).unwrap();
    pair.outputs.clear();
    pair.packets = 0;
    pair.loses = |packet| packet == 1;
    pair.write(0, PayloadProtocolIdentifier::String, b"lost");
    pair.exchange();
    pair.write(0, PayloadProtocolIdentifier::String, b"arrives");
    pair.run(SECOND * 3);
    let expected = Output::Message { channel: ChannelId(0), kind: MessageKind::Text, bytes: b"arrives".to_vec() };
    assert_eq!(pair.outputs, [expected]);
}

#[test]
fn a_channel_closed_by_the_client_is_closed_here_and_its_stream_can_carry_another() {
    let mut pair = Pair::opened();
    pair.client.association.stream(0).unwrap().close().unwrap();
    pair.run(SECOND);
    assert_eq!(pair.outputs, [Output::Closed { channel: ChannelId(0) }]);
    assert_eq!(pair.client.finished, [0]);
    let error = pair.server.send(pair.now, ChannelId(0), MessageKind::Text, b"late").unwrap_err();
    assert_eq!(error, SendError::UnknownChannel);
    pair.open(0, 0x00, "again");
    pair.run(SECOND);
    assert!(matches!(&pair.outputs[1], Output::Opened { label, .. } if label == "again"));
}

#[test]
fn a_channel_closed_here_is_closed_at_the_client() {
    let mut pair = Pair::opened();
    pair.server.close_channel(pair.now, ChannelId(0));
    pair.exchange();
    assert_eq!(pair.server.send(pair.now, ChannelId(0), MessageKind::Text, b"late"), Err(SendError::Closing));
    pair.run(SECOND);
    assert_eq!(pair.client.finished, [0]);
    assert_eq!(pair.outputs, [Output::Closed { channel: ChannelId(0) }]);
}

#[test]
fn an_association_that_the_client_aborts_is_lost_with_its_channels_and_nothing_follows() {
    let mut pair = Pair::opened();
    let packet = abort(&mut pair);
    pair.server.handle_packet(pair.now, &packet);
    let outputs: Vec<Output> = std::iter::from_fn(|| pair.server.poll_output()).collect();
    assert_eq!(outputs[0], Output::Closed { channel: ChannelId(0) });
    assert!(matches!(outputs[1..], [Output::Lost { reason: LostReason::Association(_) }]));
    assert_eq!(pair.server.poll_timeout(), None);
    pair.server.handle_packet(pair.now, &packet);
    assert_eq!(pair.server.poll_output(), None);
}

/// An ABORT chunk (RFC 9260 §3.3.7) in the client's name: the ports and the tag are those of its next packet.
fn abort(pair: &mut Pair) -> Vec<u8> {
    pair.write(0, PayloadProtocolIdentifier::String, b"x");
    let Some(Payload::RawEncode(packets)) = pair.client.association.poll_transmit(pair.now).map(|t| t.payload) else {
        panic!("nothing to send");
    };
    let mut packet = [&packets[0][..8], &[0; 4], &[6, 0, 0, 4]].concat();
    let checksum = crc32c(&packet).to_le_bytes();
    packet[8..12].copy_from_slice(&checksum);
    packet
}

/// RFC 9260, appendix A.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn what_is_said_before_a_channel_is_opened_is_for_nobody() {
    let mut pair = Pair::connected();
    pair.client.association.open_stream(4, PayloadProtocolIdentifier::String).unwrap();
    pair.write(4, PayloadProtocolIdentifier::String, b"early");
    pair.run(SECOND);
    assert!(pair.outputs.is_empty());
    let error = pair.server.send(pair.now, ChannelId(4), MessageKind::Text, b"x").unwrap_err();
    assert_eq!(error, SendError::UnknownChannel);
}

#[test]
fn a_control_message_that_cannot_be_read_closes_the_channel() {
    let mut pair = Pair::opened();
    pair.write(0, PayloadProtocolIdentifier::Dcep, &[9, 9]);
    pair.run(SECOND);
    assert_eq!(pair.outputs, [Output::Closed { channel: ChannelId(0) }]);
    assert_eq!(pair.client.finished, [0]);
}

#[test]
fn a_second_association_is_not_begun() {
    let mut pair = Pair::opened();
    let mut other = Pair::new(PARAMETERS);
    while let Some(transmit) = other.client.association.poll_transmit(other.now) {
        let Payload::RawEncode(packets) = transmit.payload else { continue };
        packets.iter().for_each(|packet| pair.server.handle_packet(pair.now, packet));
    }
    assert_eq!(pair.server.poll_output(), None);
    pair.write(0, PayloadProtocolIdentifier::String, b"still here");
    pair.run(SECOND);
    assert_eq!(pair.outputs.len(), 1);
}

#[test]
fn rubbish_is_passed_over() {
    let mut server = DataChannels::new(PARAMETERS);
    let pair = Pair::new(PARAMETERS);
    for length in [0, 1, 11, 12, 13, 16, 1200] {
        server.handle_packet(pair.now, &vec![0xa5; length]);
        assert_eq!(server.poll_output(), None);
    }
    server.handle_timeout(pair.now);
    assert_eq!(server.poll_timeout(), None);
}
