use super::{Grade, Grades, LAYERS_APART_MAX};

#[test]
fn the_largest_layer_is_the_best_and_the_others_stand_beside_it() {
    let beside = |layers| Grade::beside_the_best(layers).map(Grade::layer).collect::<Vec<_>>();
    assert_eq!(beside(0), []);
    assert_eq!(beside(1), []);
    assert_eq!(beside(2), [Some(0)]);
    assert_eq!(beside(3), [Some(1), Some(0)]);
    assert_eq!(beside(4), [Some(1), Some(0)], "more are not taken of a publisher");
}

#[test]
fn there_is_a_grade_for_each_layer_up_to_the_limit_and_none_behind_it() {
    let last = u8::try_from(LAYERS_APART_MAX).expect("small");
    assert!(Grade::of_layer(last - 1).is_some());
    assert_eq!(Grade::of_layer(last), None);
}

#[test]
fn a_set_has_what_was_taken_in_and_not_left_out() {
    let [low, middle] = [0, 1].map(|layer| Grade::of_layer(layer).expect("a layer"));
    let mut some = Grades::BEST;
    some.insert(middle);
    some.insert(low);
    some.remove(middle);
    assert_eq!(some.iter().collect::<Vec<_>>(), [Grade::BEST, low]);
    assert_eq!([Grade::BEST, low].into_iter().collect::<Grades>(), some);
}
