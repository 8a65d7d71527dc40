use super::{Ask, Span};

#[test]
fn a_range_is_what_rfc_9110_says() {
    let part = |start, end| Ask::Part(Span { start, end });
    for (range, expected) in [
        ("bytes=0-0", part(0, 1)),
        ("bytes=0-", part(0, 100)),
        ("bytes=10-19", part(10, 20)),
        ("bytes=90-200", part(90, 100)),
        ("bytes=-1", part(99, 100)),
        ("bytes=-500", part(0, 100)),
        ("bytes=99-99", part(99, 100)),
        ("bytes=100-", Ask::Nothing),
        ("bytes=100-200", Ask::Nothing),
        ("bytes=-0", Ask::Nothing),
        ("bytes=20-10", Ask::Whole),
        ("bytes=0-1,5-6", Ask::Whole),
        ("bytes=-", Ask::Whole),
        ("bytes=+1-2", Ask::Whole),
        ("bytes=a-b", Ask::Whole),
        ("lines=0-1", Ask::Whole),
        ("bytes=0-18446744073709551615", part(0, 100)),
        ("bytes=99999999999999999999-", Ask::Whole),
    ] {
        assert_eq!(Span::of(range, 100), expected, "{range}");
    }
}

#[test]
fn of_an_empty_file_there_is_no_part() {
    for range in ["bytes=0-", "bytes=0-0", "bytes=-5"] {
        assert_eq!(Span::of(range, 0), Ask::Nothing);
    }
}
