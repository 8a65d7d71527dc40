use std::net::SocketAddr;

use stun_types::attribute::Software;
use stun_types::message::{Message, MessageWriteVec};
use stun_types::prelude::{MessageWrite as _, MessageWriteExt as _};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::message::DATA;

use super::{channel_data, payload, send_indication};

#[test]
fn a_payload_stands_at_the_end_of_what_carries_it() {
    let peers: [SocketAddr; 2] = [([192, 0, 2, 1], 9).into(), "[2001:db8::1]:9".parse().unwrap()];
    for message in [channel_data(0x4000, 1200), send_indication(peers[0], 1200), send_indication(peers[1], 1200)] {
        let range = payload(&message).unwrap();
        assert_eq!(range, message.len() - 1200..message.len());
        assert!(message[range].iter().all(|byte| *byte == 0x55));
    }
}

#[test]
fn a_payload_is_found_between_other_attributes() {
    let mut message = Message::builder_indication(DATA, MessageWriteVec::new());
    let transaction = message.transaction_id();
    message.add_attribute(&XorPeerAddress::new(([192, 0, 2, 1], 9).into(), transaction)).unwrap();
    message.add_attribute(&Data::new(b"hello")).unwrap();
    message.add_attribute(&Software::new("somebody's").unwrap()).unwrap();
    let message = message.finish();
    assert_eq!(&message[payload(&message).unwrap()], b"hello");
}

#[test]
fn what_has_none_or_is_cut_off_has_no_payload() {
    let message = send_indication(([192, 0, 2, 1], 9).into(), 8);
    for end in 0..message.len() {
        assert_eq!(payload(&message[..end]), None, "{end} bytes");
    }
    assert_eq!(payload(&channel_data(0x4000, 8)[..11]), None);
    assert_eq!(payload(&[0; 20]), None);
}
