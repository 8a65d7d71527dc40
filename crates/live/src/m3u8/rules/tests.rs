use super::{media_playlist, multivariant_playlist, succession};

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
