use super::*;

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.to_owned() }
}

#[test]
fn file_of_five_hundred_lines_is_short_and_one_more_is_long() {
    let short = source("crates/turn/src/a.rs", &"\n".repeat(LINES_MAX));
    let long = source("crates/turn/src/b.rs", &"\n".repeat(LINES_MAX + 1));
    let prose = source("docs/c.md", &"\n".repeat(LINES_MAX + 1));
    assert_eq!(long_files(&[short, long, prose]), ["crates/turn/src/b.rs: 501 lines, more than 500"]);
}

#[test]
fn unfinished_work_is_found_in_code_and_not_within_longer_words() {
    let code = format!("fn a() {{}}\n// {}: later\nlet XXXL = 1;\n{}x)", MARKERS[0], MARKER_CALLS[2]);
    assert_eq!(
        markers(&[source("a.rs", &code), source("a.md", &code)]),
        [format!("a.rs:2: {}", MARKERS[0]), format!("a.rs:4: {}", MARKER_CALLS[2])]
    );
}

#[test]
fn switched_off_and_sleeping_tests_are_found() {
    let off = source("web/src/lib/x.test.ts", &format!("{}'later')", SWITCHES[1]));
    let asleep = source("crates/room/src/hub/tests.rs", &format!("thread::{}ms)", SLEEPS[0]));
    let waiting = source("e2e/harness/wait.spec.ts", &format!("{}9)", SLEEPS[1]));
    let found = lame_tests(&[off, asleep, waiting]);
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn sdk_may_not_speak_of_the_page_but_its_comments_may() {
    let sdk = source(
        "web/src/lib/call.ts",
        "/** No document. */\n * document\nconst documented = 1;\nconst x = document.title;",
    );
    let page = source("web/src/app/call.tsx", "document.title");
    assert_eq!(page_in_sdk(&[sdk, page]), ["web/src/lib/call.ts:4: the SDK speaks of `document`"]);
}

#[test]
fn path_outside_the_project_is_found_in_any_file() {
    let found = outside_references(&[source("README.md", &format!("see {}/lab", OUTSIDE[0]))]);
    assert_eq!(found, [format!("README.md:1: {}", OUTSIDE[0])]);
}
