use super::{Finding, Report, State};

#[test]
fn advice_and_further_lines_stand_below_what_was_seen() {
    let fine = Finding::ok("page", "answers");
    let shut = Finding::new("TURN over UDP", State::Fail, "no answer\nnor a second one", "open the port");
    let unknown = Finding::new("stun.second_listen", State::NotChecked, "nobody to ask", "");
    let text = format!("{}{}{}", fine.text(), shut.text(), unknown.text());
    let expected = "  ok           page                answers
  fail         TURN over UDP       no answer
                                   nor a second one
                                   open the port
  not checked  stun.second_listen  nobody to ask
";
    assert_eq!(text, expected);
}

#[test]
fn only_what_failed_is_counted_as_failed() {
    let finding = |state| Finding::new("check", state, "", "");
    let findings = [State::Ok, State::Warn, State::NotChecked, State::Fail].map(finding).into();
    let report = Report { findings };
    assert_eq!(report.failed(), 1);
    assert!(report.to_json().contains(r#""state":"not-checked""#));
}
