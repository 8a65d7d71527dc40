use super::*;

#[test]
fn every_value_lies_in_its_bucket_within_three_percent() {
    let mut before = 0;
    for value in (0..100_000).chain([1_000_000, 99_999_999, LONGEST_US]) {
        let bucket = bucket_of(value);
        assert!(bucket >= before && bucket < BUCKETS, "{value}");
        let end = upper_end(bucket);
        assert!(end >= value && end as f64 <= value as f64 * 1.032 + 1.0, "{value} in a bucket up to {end}");
        before = bucket;
    }
}

#[test]
fn quantiles_are_those_of_the_values() {
    let mut histogram = Histogram::default();
    assert_eq!(histogram.quantile_us(0.5), None);
    (1..=1000).for_each(|value| histogram.add(value));
    for (fraction, value) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
        let found = histogram.quantile_us(fraction).unwrap() as f64;
        assert!((found - value).abs() <= value * 0.032, "{fraction}: {found}");
    }
    assert_eq!(histogram.quantile_us(1.0), Some(1000));
    assert_eq!(histogram.quantile_us(0.0), Some(1));
}

#[test]
fn merged_histograms_count_the_values_of_both() {
    let (mut a, mut b) = (Histogram::default(), Histogram::default());
    a.add(5);
    b.add(7_000);
    a.merge(&b);
    assert_eq!((a.count(), a.max_us()), (2, 7_000));
}
