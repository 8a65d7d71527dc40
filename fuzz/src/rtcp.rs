//! RTCP compounds from peers.

use rtp::rtcp::{Packet, TransportFeedback, TransportFeedbackBuilder, Writer, read};

/// One compound.
pub fn run(data: &[u8]) {
    let mut count = 0;
    for packet in read(data) {
        count += 1;
        if let Ok(packet) = packet {
            exhaust(packet, data.len());
        }
    }
    assert!(count <= data.len().div_ceil(4), "a packet has four bytes or more");
}

/// Reads everything there is in a packet, and writes again what can be written.
fn exhaust(packet: Packet<'_>, bytes: usize) {
    match packet {
        Packet::SenderReport(report) => assert!(report.blocks.count() <= 31),
        Packet::ReceiverReport(report) => assert!(report.blocks.count() <= 31),
        Packet::SourceDescription(description) => assert!(description.chunks().count() <= 31),
        Packet::Goodbye(bye) => assert!(bye.ssrcs().count() <= 31),
        Packet::Nack(nack) => {
            let lost: Vec<_> = nack.lost().collect();
            assert!(lost.len() <= bytes / 4 * 17);
            let mut output = Vec::new();
            Writer::new(&mut output).nack(1, 2, &lost);
        }
        Packet::FullIntraRequest(request) => assert!(request.requests().count() <= bytes / 8),
        Packet::Remb(remb) => assert!(remb.ssrcs().count() <= 255),
        Packet::TransportFeedback(feedback) => rebuild(&feedback),
        Packet::CongestionFeedback(feedback) => {
            let metrics: usize = feedback.streams().map(|stream| stream.packets().count()).sum();
            assert!(metrics <= bytes / 2);
        }
        Packet::PictureLossIndication(_) | Packet::Other { .. } => {}
    }
}

/// What one feedback says another one can say, up to where it is full.
fn rebuild(feedback: &TransportFeedback<'_>) {
    assert_eq!(feedback.packets().count(), usize::from(feedback.status_count));
    let arrivals = || feedback.packets().filter_map(|packet| Some((packet.sequence_number, packet.arrival_us?)));
    let Some((_, first)) = arrivals().next() else { return };
    let mut builder = TransportFeedbackBuilder::new(feedback.base_sequence_number, first);
    let taken: Vec<_> = arrivals().take_while(|(number, at)| builder.push(*number, *at)).collect();
    let mut output = Vec::new();
    Writer::new(&mut output).transport_feedback(1, 2, 3, &builder);
    let Some(Ok(Packet::TransportFeedback(again))) = read(&output).next() else {
        panic!("a written feedback can be read")
    };
    let found: Vec<_> = again.packets().filter(|packet| packet.arrival_us.is_some()).collect();
    assert_eq!(found.len(), taken.len());
    for (packet, (number, at)) in found.iter().zip(&taken) {
        let difference = packet.arrival_us.expect("only those that came") - at;
        let cycle = rtp::rtcp::REFERENCE_CYCLE_US;
        assert!(packet.sequence_number == *number && difference % cycle == 0, "{number}: {difference} us");
    }
}
