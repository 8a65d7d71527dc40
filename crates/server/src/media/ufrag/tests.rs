use super::Name;

#[test]
fn a_name_is_found_in_its_fragment() {
    for (worker, connection) in [(0, 0), (1, 7), (63, (1 << 24) - 1), (17, 0x00AB_CDEF)] {
        let name = Name { worker, connection };
        let credentials = name.credentials([0xA5; 32]).unwrap();
        assert_eq!(credentials.ufrag().len(), 13);
        assert_eq!(credentials.pwd().len(), 24);
        assert_eq!(Name::of(credentials.ufrag().as_bytes()), Some(name));
        let restarted = format!("{}abcd", credentials.ufrag());
        assert_eq!(Name::of(restarted.as_bytes()), Some(name), "a restart adds to it");
    }
}

#[test]
fn numbers_without_a_place_have_no_credentials() {
    assert!(Name { worker: 64, connection: 0 }.credentials([0; 32]).is_none());
    assert!(Name { worker: 0, connection: 1 << 24 }.credentials([0; 32]).is_none());
}

#[test]
fn other_fragments_name_nobody() {
    for ufrag in ["", "A", "AAAAA", "AAAAAxxxxxxx", "AA AAxxxxxxxx", "\u{e4}AAAAxxxxxxxx"] {
        assert_eq!(Name::of(ufrag.as_bytes()), None, "{ufrag:?}");
    }
}
