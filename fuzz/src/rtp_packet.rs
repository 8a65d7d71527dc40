//! RTP packets from publishers: the header, every extension, every payload descriptor, and their rewriting.

use std::hint::black_box;

use rtp::extension::dependency_descriptor::{Descriptor, Structure};
use rtp::parameters::ExtensionIds;
use rtp::payload::{av1, h264, h265, red, vp8, vp9};
use rtp::sequence::SequenceUnwrapper;
use rtp::{Extensions, Header, Packet};

/// Packets of one stream, each behind two bytes of length.
pub fn run(data: &[u8]) {
    let mut stream = Stream::default();
    let mut rest = data;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (packet, next) = after.split_at(length);
        stream.feed(packet);
        rest = next;
    }
}

/// What a receiver remembers of a stream.
#[derive(Default)]
struct Stream {
    sequence: SequenceUnwrapper,
    structure: Option<Box<Structure>>,
}

impl Stream {
    fn feed(&mut self, bytes: &[u8]) {
        let Ok(packet) = Packet::parse(bytes) else { return };
        let place = self.sequence.unwrap(packet.sequence_number());
        assert_eq!(place & 0xffff, u64::from(packet.sequence_number()), "an unwrapped number keeps its lower bits");
        assert_eq!(packet.payload_range().len(), packet.payload().len());
        let extensions = Extensions::read(&packet, &IDS);
        if let Some(descriptor) = extensions.dependency_descriptor {
            self.feed_descriptor(descriptor);
        }
        copy(&packet);
        inspect(packet.payload());
    }

    fn feed_descriptor(&mut self, data: &[u8]) {
        let Ok(read) = Descriptor::parse(data, &mut self.structure) else { return };
        let Some(structure) = &self.structure else { return };
        let mut output = vec![0; data.len() + 8];
        let length = Descriptor::rewrite_active(data, structure, 1, &mut output).expect("eight bytes more are enough");
        let again = Descriptor::parse(&output[..length], &mut self.structure).expect("what was written can be read");
        assert_eq!((again.active_decode_targets, again.chains), (Some(1), read.chains));
    }
}

/// Writes the header as it was read, where it can be written, and reads it again.
fn copy(packet: &Packet<'_>) {
    let elements: Vec<_> = packet.elements().collect();
    for element in &elements {
        let range = packet.element_range(element.id).expect("an element that was read is somewhere");
        assert_eq!(Some(&packet.bytes()[range]), packet.element(element.id));
    }
    let header = Header {
        payload_type: packet.payload_type(),
        marker: packet.marker(),
        sequence_number: packet.sequence_number(),
        timestamp: packet.timestamp(),
        ssrc: packet.ssrc(),
    };
    let mut output = vec![0; packet.bytes().len() * 2 + 64];
    let length = header.write(&mut output, &elements).expect("the second form takes one byte more per element");
    let again = Packet::parse(&output[..length]).expect("a written header can be read");
    assert!(again.elements().eq(elements), "extension elements survive");
}

fn inspect(payload: &[u8]) {
    if let Ok(descriptor) = vp8::Descriptor::parse(payload) {
        let head = descriptor.write();
        let mut rewritten = head.bytes().to_vec();
        rewritten.extend(&payload[head.replaced..]);
        let again = vp8::Descriptor::parse(&rewritten).expect("a written descriptor can be read");
        assert_eq!(again.is_key_frame(), descriptor.is_key_frame());
        black_box(vp8::key_frame_size(&payload[descriptor.length..]));
    }
    if let Ok(descriptor) = vp9::Descriptor::parse(payload) {
        let head = descriptor.write(&descriptor);
        assert_eq!(head.bytes(), &payload[..head.replaced], "an unchanged descriptor stays as it is");
    }
    black_box(h264::inspect(payload));
    black_box(h265::inspect(payload));
    black_box(av1::AggregationHeader::parse(payload));
    if let Ok(blocks) = red::Blocks::parse(payload) {
        assert!(blocks.map(|block| block.data.len()).sum::<usize>() < payload.len(), "blocks do not overlap");
    }
}

/// An id for every extension.
const IDS: ExtensionIds = ExtensionIds::ALL;
