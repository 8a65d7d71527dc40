use super::Slab;

#[test]
fn keys_are_dense_and_used_again() {
    let mut slab = Slab::default();
    let keys: Vec<u32> = ["a", "b", "c"].into_iter().map(|value| slab.insert(value)).collect();
    assert_eq!(keys, [0, 1, 2]);
    assert_eq!(slab.remove(1), Some("b"));
    assert_eq!((slab.remove(1), slab.get(1), slab.len()), (None, None, 2));
    assert_eq!(slab.next_key(), 1);
    assert_eq!(slab.insert("d"), 1);
    assert_eq!(slab.next_key(), 3);
    assert_eq!(slab.values().copied().collect::<String>(), "adc");
}
