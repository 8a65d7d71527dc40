use super::*;

#[test]
fn the_same_seed_and_label_give_the_same_numbers() {
    let draw = || {
        let mut generator = Seed::new(7).generator("net");
        (generator.bits(), generator.bits())
    };
    assert_eq!(draw(), draw());
}

#[test]
fn another_seed_or_another_label_gives_other_numbers() {
    let first = Seed::new(7).generator("net").bits();
    assert_ne!(first, Seed::new(8).generator("net").bits());
    assert_ne!(first, Seed::new(7).generator("nat").bits());
    assert_ne!(Seed::new(7).generator("ab").bits(), Seed::new(7).generator("ba").bits());
}

#[test]
fn chance_keeps_its_probability() {
    let mut generator = Seed::new(1).generator("chance");
    let hits = (0..100_000).filter(|_| generator.chance(0.05)).count();
    assert!((4_700..5_300).contains(&hits), "{hits} of 100000");
    assert!(!(0..1_000).any(|_| generator.chance(0.0)));
    assert!((0..1_000).all(|_| generator.chance(1.0)));
}
