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
fn what_a_browser_lacked_is_told_with_the_line_that_asked() {
    let output = "\
  ✘  1 [browser] › browser/a.spec.ts:3:1 › somebody calls (90.0s)

  1) [browser] › browser/a.spec.ts:3:1 › somebody calls 

    Test timeout of 90000ms exceeded.

    Error: page.evaluate: Test timeout of 90000ms exceeded.

      58 |   await rings(page);
    > 60 |   await page.evaluate(answers);
         |              ^
        at browser/a.spec.ts:60:14

  2) [lab] › lab/b.spec.ts:9:1 › a line breaks 

    Error: pictures

    Expected: 0
    Received: 1

  2 failed
    [browser] › browser/a.spec.ts:3:1 › somebody calls 
";
    let told: Vec<_> = Complaint::read(output).into_iter().map(|one| (one.test, one.words.join(" | "))).collect();
    let timeout = "Test timeout of 90000ms exceeded.";
    let line = "> 60 |   await page.evaluate(answers);";
    assert_eq!(
        told,
        [
            (
                "[browser] › browser/a.spec.ts:3:1 › somebody calls".to_owned(),
                format!("{timeout} | Error: page.evaluate: {timeout} | {line}")
            ),
            (
                "[lab] › lab/b.spec.ts:9:1 › a line breaks".to_owned(),
                "Error: pictures | Expected: 0 | Received: 1".to_owned()
            ),
        ]
    );
}

#[test]
fn a_foreign_client_that_failed_is_told_with_its_reason() {
    let output = "\
ok    coturn (1.0 s)
FAIL  aioice over UDP (3.1 s)
no candidate
437 by the server
FAIL  aioice over TCP (0.2 s)
--- the server said ---
much
";
    let complaint = |test: &str, words: &[&str]| Complaint {
        test: test.to_owned(),
        words: words.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(
        Complaint::read(output),
        [
            complaint("aioice over UDP (3.1 s)", &["no candidate", "437 by the server"]),
            complaint("aioice over TCP (0.2 s)", &[]),
        ]
    );
}

#[test]
fn where_nothing_failed_nobody_complains() {
    assert_eq!(Complaint::read("test a ... ok\n\ntest result: ok. 1 passed; 0 failed\n"), []);
}
