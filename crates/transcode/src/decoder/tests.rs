use syom::Channel;

use super::mix;

fn mixed(planes: &[&[f32]], labels: &[Channel]) -> Vec<f32> {
    let labels: Vec<_> = labels.iter().copied().map(Some).collect();
    let mut output = Vec::new();
    mix(planes, &labels, &mut output);
    output
}

#[test]
fn one_channel_is_heard_on_both_sides_and_two_stay_where_they_are() {
    assert_eq!(mixed(&[&[0.5, -0.5]], &[Channel::FrontCenter]), [0.5, 0.5, -0.5, -0.5]);
    assert_eq!(mixed(&[&[0.5], &[0.25]], &[Channel::Other, Channel::Other]), [0.5, 0.25]);
}

#[test]
fn of_many_channels_none_is_lost_but_the_lowest_and_nothing_clips() {
    use Channel::{BackLeft, BackRight, FrontCenter, FrontLeft, FrontRight, Lfe};
    let labels = [FrontCenter, FrontLeft, FrontRight, BackLeft, BackRight, Lfe];
    let loud: &[f32] = &[1.0];
    let all = mixed(&[loud; 6], &labels);
    assert!(all.iter().all(|sample| (sample - 1.0).abs() < 1e-6), "{all:?}");
    for (at, heard) in
        [(0, [true, true]), (1, [true, false]), (2, [false, true]), (3, [true, false]), (5, [false, false])]
    {
        let planes: Vec<&[f32]> = (0..6).map(|plane| if plane == at { loud } else { &[0.0][..] }).collect();
        let sides = mixed(&planes, &labels);
        assert_eq!([sides[0] > 0.0, sides[1] > 0.0], heard, "{:?}", labels[at]);
    }
}
