use super::*;

#[test]
fn files_and_tests_that_are_named_must_exist() {
    let table = "| RFC 9999 §1 | `crates/turn/src/a.rs` | `answers_a_binding_request` |\n\
                 | §2 | `crates/turn/src/gone.rs` | `server::tests::no_such_test` and `XOR-MAPPED-ADDRESS` |";
    let sources = [
        Source { path: TABLE.into(), text: table.to_owned() },
        Source { path: "crates/turn/src/a.rs".into(), text: "fn answers_a_binding_request() {}".to_owned() },
    ];
    assert_eq!(
        missing(&sources),
        ["docs/standards.md:2: crates/turn/src/gone.rs", "docs/standards.md:2: server::tests::no_such_test"]
    );
}

#[test]
fn absent_table_is_a_finding() {
    assert_eq!(missing(&[]), ["docs/standards.md is not there"]);
}
