use super::*;

#[track_caller]
fn check(output: &str, passed: u64, failed: u64, skipped: u64) {
    assert_eq!(Count::read(output), Count { passed, failed, skipped }, "{output}");
}

#[test]
fn adds_up_the_closing_lines_of_every_runner() {
    check("test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s", 12, 1, 2);
    check(
        "\u{1b}[2m      Tests \u{1b}[22m \u{1b}[1m\u{1b}[32m88 passed\u{1b}[39m\u{1b}[22m\u{1b}[90m (88)\u{1b}[39m",
        88,
        0,
        0,
    );
    check(" Tests  2 failed | 86 passed (88)", 86, 2, 0);
    check("  1 failed\n    call.spec.ts:3:1 › two people talk\n  1 flaky\n  1 skipped\n  9 passed (3.2m)", 10, 1, 1);
    check("14 passed, 0 failed", 14, 0, 0);
    check("test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: ok. 4 passed; 0 failed; 0 ignored", 7, 0, 0);
}

#[test]
fn counts_nothing_in_ordinary_output() {
    check(
        "running 12 tests\ntest passed ... ok\n12 tests passed in this line\n Test Files  9 passed (9)\n200 OK",
        0,
        0,
        0,
    );
}

#[test]
fn closing_line_names_skipped_tests_only_when_there_are_any() {
    assert_eq!(Count { passed: 2, failed: 0, skipped: 0 }.to_string(), "2 passed, 0 failed");
    assert_eq!(Count { passed: 2, failed: 1, skipped: 3 }.to_string(), "2 passed, 1 failed, 3 skipped");
}
