use super::*;

#[test]
fn a_set_has_what_was_put_into_it_in_order() {
    let both = Links::only(LinkId(63)).with(Links::only(LinkId(0)));
    assert_eq!(both.collect::<Vec<_>>(), [LinkId(0), LinkId(63)]);
    assert!(both.contains(LinkId(63)) && !both.contains(LinkId(1)));
    assert!(both.without(both).is_empty());
}

#[test]
fn a_number_of_64_or_more_is_no_link() {
    assert!(Links::only(LinkId(64)).is_empty());
    let mut wants = RemoteWants::default();
    wants.set(LinkId(64), 3);
    assert_eq!(wants.most(), 0);
}

#[test]
fn a_layer_goes_to_those_who_want_so_many() {
    let mut wants = RemoteWants::default();
    wants.set(LinkId(1), 1);
    wants.set(LinkId(2), 3);
    let both = Links::only(LinkId(1)).with(Links::only(LinkId(2)));
    assert_eq!((wants.of_layer(0), wants.of_layer(2), wants.most()), (both, Links::only(LinkId(2)), 3));
    wants.set(LinkId(2), 0);
    assert_eq!((wants.of_layer(0), wants.of_layer(2), wants.most()), (Links::only(LinkId(1)), Links::EMPTY, 1));
    wants.forget(both);
    assert_eq!(wants.most(), 0);
}

#[test]
fn what_is_parted_from_its_bytes_and_joined_with_them_is_as_before() {
    let clock = Clock { ntp: 7, timestamp: 8, age: Duration::from_millis(9) };
    for relayed in [
        Relayed::Packet { layer: 2, bytes: b"a packet" },
        Relayed::Past { layer: 2, bytes: b"a packet of before" },
        Relayed::Clock { layer: 1, clock },
        Relayed::Picture { layer: 0, width_px: 640, height_px: 360 },
        Relayed::Level(-30),
    ] {
        let (parted, bytes) = relayed.parted();
        assert_eq!(parted.joined(bytes), relayed);
        assert_eq!(bytes.is_empty(), !matches!(relayed, Relayed::Packet { .. } | Relayed::Past { .. }));
    }
}
