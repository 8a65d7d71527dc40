use super::*;

#[test]
fn a_stamp_reads_back_from_the_end_of_its_payload() {
    let stamp = Stamp { run: 1, source: 2, number: 3, sent_us: 0x0102_0304_0506_0708 };
    let mut payload = vec![7; 100];
    stamp.write(&mut payload);
    assert_eq!(Stamp::read(&payload), Some(stamp));
    assert_eq!(payload[..76], [7; 76]);
}

#[test]
fn what_is_too_short_or_not_stamped_has_none() {
    let mut short = [0; Stamp::BYTES - 1];
    Stamp { run: 1, source: 2, number: 3, sent_us: 4 }.write(&mut short);
    assert_eq!(short, [0; Stamp::BYTES - 1]);
    assert_eq!(Stamp::read(&short), None);
    assert_eq!(Stamp::read(&[0; 100]), None);
}

#[test]
fn a_renewed_stamp_has_another_time_and_what_has_none_stays_as_it_is() {
    let stamp = Stamp { run: 1, source: 2, number: 3, sent_us: 4 };
    let mut payload = vec![7; 100];
    Stamp::renew(&mut payload, 9);
    assert_eq!(payload, [7; 100]);
    stamp.write(&mut payload);
    Stamp::renew(&mut payload, 9);
    assert_eq!(Stamp::read(&payload), Some(Stamp { sent_us: 9, ..stamp }));
}
