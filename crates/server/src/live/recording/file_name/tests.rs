use std::path::{Component, Path};
use std::time::Duration;

use live::StreamName;
use live::record::Format;

use super::file_name;

fn named(app: &str, stream: &str) -> String {
    file_name(&StreamName::new(app, stream).unwrap(), Duration::from_millis(1_790_000_000_123), Format::Mp4, 1)
}

#[test]
fn a_name_tells_the_stream_and_the_time() {
    assert_eq!(named("live", "lesson"), "live/lesson.2026-09-21T14-13-20.123Z.mp4");
    let again = file_name(&StreamName::new("live", "lesson").unwrap(), Duration::ZERO, Format::WebM, 2);
    assert_eq!(again, "live/lesson.1970-01-01T00-00-00.000Z-2.webm");
}

#[test]
fn what_strangers_call_a_stream_stays_in_the_folder() {
    let long = "a".repeat(255);
    let wide = "语".repeat(85);
    for (app, stream) in [
        ("..x/.", "x"),
        (".hidden", ".x"),
        ("a b", "$(reboot);`x`"),
        ("a:b", "con*\"<>|~"),
        ("-rf", "%2e%2e%2f"),
        (&long, &long),
        (&wide, &wide),
        ("school/7b/学校", "урок"),
    ] {
        let Ok(name) = StreamName::new(app, stream) else { continue };
        let path = file_name(&name, Duration::ZERO, Format::Flv, 100);
        for component in Path::new(&path).components() {
            let Component::Normal(segment) = component else { panic!("{path}") };
            let segment = segment.to_str().unwrap();
            assert!(segment.len() <= 255 && !segment.starts_with('.'), "{path}");
            let is_plain = |char: char| char.is_alphanumeric() || "-_+@=.".contains(char);
            assert!(segment.chars().all(is_plain), "{path}");
        }
    }
}

#[test]
fn letters_of_every_script_stay() {
    assert!(named("школа", "课程-7b").starts_with("школа/课程-7b."));
}
