use super::{Complaint, LINE_CHARACTERS_MAX, LINES_KEPT};

#[test]
fn the_last_words_of_each_failed_test_are_kept_without_its_backtrace() {
    let output = "\
test a::holds ... ok
test b::breaks ... FAILED

failures:

---- b::breaks stdout ----

thread 'b::breaks' (7) panicked at src/b.rs:3:9:
one is two
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/library/std/src/panicking.rs:689:5
note: Some details are omitted
---- c::breaks_too stdout ----
three


failures:
    b::breaks
    c::breaks_too

test result: FAILED. 1 passed; 2 failed; 0 ignored
";
    let words = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        Complaint::read(output),
        [
            Complaint {
                test: "b::breaks".to_owned(),
                words: words(&["thread 'b::breaks' (7) panicked at src/b.rs:3:9:", "one is two"]),
            },
            Complaint { test: "c::breaks_too".to_owned(), words: words(&["three"]) },
        ]
    );
}

#[test]
fn a_property_that_failed_a_thousand_times_is_told_by_its_end() {
    let said: String = (0..1_000).map(|number| format!("input {number}\n")).collect();
    let long = "9, ".repeat(LINE_CHARACTERS_MAX);
    let output = format!("---- p stdout ----\n{said}{long}\n\nfailures:\n");
    let complaints = Complaint::read(&output);
    assert_eq!(complaints[0].words.len(), LINES_KEPT);
    assert_eq!(complaints[0].words[0], "input 993");
    assert_eq!(complaints[0].words[LINES_KEPT - 1].len(), LINE_CHARACTERS_MAX);
}

#[test]
fn where_nothing_failed_nobody_complains() {
    assert_eq!(Complaint::read("test a ... ok\n\ntest result: ok. 1 passed; 0 failed\n"), []);
}
