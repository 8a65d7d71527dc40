use super::*;

fn message(channel_type: u8, parameter: u32, label: &[u8]) -> Vec<u8> {
    let label_bytes = u16::try_from(label.len()).unwrap().to_be_bytes();
    [&[3, channel_type, 1, 0][..], &parameter.to_be_bytes(), &label_bytes, &[0, 3], label, b"sub"].concat()
}

#[test]
fn every_channel_type_of_the_rfc_is_read() {
    let delivery = |channel_type| Open::parse(&message(channel_type, 7, b"x")).map(|open| open.delivery);
    let expected = |ordered, reliability| Some(Delivery { ordered, reliability });
    assert_eq!(delivery(0x00), expected(true, Reliability::Reliable));
    assert_eq!(delivery(0x80), expected(false, Reliability::Reliable));
    assert_eq!(delivery(0x01), expected(true, Reliability::Retransmits(7)));
    assert_eq!(delivery(0x81), expected(false, Reliability::Retransmits(7)));
    assert_eq!(delivery(0x02), expected(true, Reliability::LifetimeMs(7)));
    assert_eq!(delivery(0x82), expected(false, Reliability::LifetimeMs(7)));
    assert_eq!(delivery(0x03), None);
}

#[test]
fn a_label_ends_and_is_text() {
    let label = |bytes: &[u8]| Open::parse(&message(0, 0, bytes)).map(|open| open.label);
    assert_eq!(label(b""), Some(String::new()));
    assert_eq!(label(&[b'a'; LABEL_BYTES_MAX]), Some("a".repeat(LABEL_BYTES_MAX)));
    assert_eq!(label(&[b'a'; LABEL_BYTES_MAX + 1]), None);
    assert_eq!(label(&[0xff]), None);
}

#[test]
fn a_message_that_is_cut_short_or_of_another_type_is_none() {
    let whole = message(0, 0, b"label");
    assert_eq!(Open::parse(&whole[..16]), None);
    assert_eq!(Open::parse(&whole[..11]), None);
    assert_eq!(Open::parse(&[]), None);
    assert_eq!(Open::parse(&[&[4], &whole[1..]].concat()), None);
}
