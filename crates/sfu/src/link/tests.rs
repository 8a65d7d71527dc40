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
