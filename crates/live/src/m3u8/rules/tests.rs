use super::{Seen, Violation, media_playlist, multivariant_playlist, renditions, succession};

const HEAD: &str = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n";
const LOW: &str = "#EXT-X-PART-INF:PART-TARGET=0.5\n\
    #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=1.5\n";

/// Asserts that the playlist of this body, or of none, breaks a rule that has `words` in it.
fn breaks(body: &str, words: &str) {
    let violation = media_playlist(&format!("{HEAD}{body}")).expect_err(body);
    assert!(violation.rule.contains(words), "{violation:?} for {body}");
}

#[test]
fn each_broken_rule_of_a_segment_is_seen() {
    breaks("#EXTINF:2.5,\na.ts\n", "longer than the target duration");
    breaks("a.ts\n", "every segment has an EXTINF");
    breaks("#EXTINF:1.0,\n", "followed by its URI");
    breaks("#EXTINF:x,\na.ts\n", "EXTINF is a number");
    breaks("#EXTINF:0.0,\na.ts\n", "has a duration");
    breaks("#EXTINF:1.0,\na.ts\n#EXTINF:1.0,\na.ts\n", "URI of its own");
    breaks("#EXT-X-PROGRAM-DATE-TIME:today\n#EXTINF:1.0,\na.ts\n", "ISO 8601");
    breaks("#EXT-X-MAP:URI=init.mp4\n#EXTINF:1.0,\na.ts\n", "in quotes");
    breaks("#EXTINF:1.0,\na b.ts\n", "no spaces");
    breaks("#EXTINF:1.0,\na.ts\n#EXT-X-MEDIA-SEQUENCE:3\n", "head comes before");
    breaks("#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-MEDIA-SEQUENCE:3\n", "stands once");
    breaks("#EXT-X-UNHEARD-OF\n", "do not write");
}

#[test]
fn each_broken_rule_of_a_part_is_seen() {
    let part = |seconds: &str, uri: &str| format!("#EXT-X-PART:DURATION={seconds},URI=\"{uri}\"\n");
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"next\"\n";
    breaks(&part("0.5", "a"), "EXT-X-PART-INF");
    breaks(&format!("{LOW}{}{hint}", part("0.6", "a")), "longer than the part target");
    breaks(&format!("{LOW}{}{}{hint}", part("0.4", "a"), part("0.5", "b")), "85 %");
    breaks(&format!("{LOW}{}", part("0.5", "a")), "hinted until the end");
    breaks(
        &format!("{LOW}{}{}#EXTINF:0.9,\na.m4s\n{hint}", part("0.5", "a"), part("0.5", "b")),
        "no longer than their segment",
    );
    breaks(&format!("{}{hint}", LOW.replace("1.5", "1.4")), "three part targets");
    breaks(&format!("{}{hint}", LOW.replace("12.0", "11.9")), "six target durations");
    breaks(&format!("{}{hint}", LOW.replace("YES", "NO")), "blocking reloads");
    breaks(&format!("{LOW}{}{hint}#EXT-X-ENDLIST\n", part("0.5", "a")), "hinted until the end");
}

#[test]
fn each_broken_rule_of_a_change_is_seen() {
    let seen = |body: &str| media_playlist(&format!("{HEAD}{body}")).expect(body);
    let one = "#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:1.0,\n1.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1.0,\n2.ts\n";
    let breaks = |after: &str, words: &str| {
        let violation = succession(&seen(one), &seen(after)).expect_err(after);
        assert!(violation.rule.contains(words), "{violation:?} for {after}");
    };
    assert_eq!(succession(&seen(one), &seen(&format!("{one}#EXTINF:1.0,\n3.ts\n"))), Ok(()));
    breaks("#EXT-X-MEDIA-SEQUENCE:0\n", "never decreases");
    breaks("#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:1.0,\n1.ts\n", "added at the end");
    breaks(&one.replace("1.ts", "x.ts"), "stays what it was");
    let gone = "#EXT-X-MEDIA-SEQUENCE:3\n#EXTINF:1.0,\n3.ts\n";
    breaks(gone, "discontinuities are counted");
    assert_eq!(succession(&seen(one), &seen(&format!("#EXT-X-DISCONTINUITY-SEQUENCE:1\n{gone}"))), Ok(()));
}

#[test]
fn a_multivariant_playlist_without_bandwidth_or_uri_is_refused() {
    assert!(multivariant_playlist("#EXTM3U\n#EXT-X-STREAM-INF:CODECS=\"a\"\nx\n").is_err());
    assert!(multivariant_playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n").is_err());
    assert!(multivariant_playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nx\n").is_ok());
}

#[test]
fn independence_that_is_not_true_or_not_told_is_seen() {
    let playlist = |tag: &str, first: &str, second: &str| {
        let part = |uri: &str, independent: &str| format!("#EXT-X-PART:DURATION=0.5,URI=\"{uri}\"{independent}\n");
        let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"next\"\n";
        let segment = format!("{}{}#EXTINF:1.0,\na.m4s\n", part("p1", first), part("p2", ""));
        media_playlist(&format!("{HEAD}{tag}{LOW}{segment}{}{hint}", part("p3", second)))
    };
    let (tag, yes) = ("#EXT-X-INDEPENDENT-SEGMENTS\n", ",INDEPENDENT=YES");
    let rule = |read: Result<Seen, Violation>| read.err().map(|violation| violation.rule);
    assert_eq!(rule(playlist(tag, yes, yes)), None);
    assert_eq!(rule(playlist("", yes, "")), None);
    for (tag, first, second) in [(tag, "", yes), (tag, yes, "")] {
        let rule = rule(playlist(tag, first, second)).expect("it is not true");
        assert!(rule.contains("begin with key frames"), "{rule}");
    }
    assert!(rule(playlist("", yes, yes)).is_some_and(|rule| rule.contains("stands where it is true")));
}

/// A playlist whose last part is the first of segment 1, with these reports.
fn reporting(reports: &str) -> Result<Seen, Violation> {
    let part = "#EXT-X-PART:DURATION=0.5,URI=\"p\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"next\"\n";
    media_playlist(&format!("{HEAD}{LOW}#EXTINF:1.0,\na.m4s\n{part}{reports}"))
}

fn report(attributes: &str) -> String {
    format!("#EXT-X-RENDITION-REPORT:{attributes}\n")
}

#[test]
fn a_report_of_a_rendition_has_a_relative_uri_and_says_how_far_it_is() {
    for (attributes, words) in [
        ("LAST-MSN=1,LAST-PART=0", "URI in quotes"),
        ("URI=\"b.m3u8\",LAST-PART=0", "has a LAST-MSN"),
        ("URI=\"b.m3u8\",LAST-MSN=1", "has a LAST-PART"),
        ("URI=\"b.m3u8\",LAST-MSN=x,LAST-PART=0", "decimal integer"),
        ("URI=\"http://a/b.m3u8\",LAST-MSN=1,LAST-PART=0", "is relative"),
        ("URI=\"//a/b.m3u8\",LAST-MSN=1,LAST-PART=0", "is relative"),
    ] {
        let violation = reporting(&report(attributes)).expect_err(attributes);
        assert!(violation.rule.contains(words), "{violation:?} for {attributes}");
    }
    assert!(reporting(&report("URI=\"b.m3u8?at=1:2\",LAST-MSN=1,LAST-PART=0")).is_ok());
}

#[test]
fn a_report_that_is_missing_or_wrong_is_seen() {
    let good = [report("URI=\"b\",LAST-MSN=1,LAST-PART=0"), report("URI=\"a\",LAST-MSN=1,LAST-PART=0")];
    let both = |of_a: &str, of_b: &str| {
        let [a, b] = [of_a, of_b].map(|reports| reporting(reports).expect(reports));
        renditions(&[("a".to_owned(), a), ("b".to_owned(), b)])
    };
    assert_eq!(both(&good[0], &good[1]), Ok(()));
    let wrong = |last: &str| report(&format!("URI=\"b\",{last}"));
    for (of_a, words) in [
        (String::new(), "reported once"),
        (format!("{}{}", good[0], good[0]), "reported once"),
        (wrong("LAST-MSN=0,LAST-PART=0"), "LAST-MSN is"),
        (wrong("LAST-MSN=1,LAST-PART=1"), "LAST-PART is"),
        (format!("{}{}", good[0], report("URI=\"c\",LAST-MSN=1,LAST-PART=0")), "of this stream"),
    ] {
        let violation = both(&of_a, &good[1]).expect_err(&of_a);
        assert!(violation.rule.contains(words), "{violation:?} for {of_a}");
    }
}
