//! `parlor doctor` beside a server that runs.

use std::process::{Child, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{output, started_with, text};

/// A server on ports of its own.
struct Patient {
    child: Child,
    /// Where it serves plain HTTP.
    url: String,
    /// Goes with it.
    _directory: TempDir,
}

impl Patient {
    fn start(settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (child, address) = started_with(&directory, settings, Stdio::null());
        let port = address.rsplit(':').next().unwrap();
        Self { child, url: format!("http://127.0.0.1:{port}"), _directory: directory }
    }
}

impl Drop for Patient {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What is found in JSON, as `name: state`, and each as it is.
fn findings(done: &Output) -> (Vec<String>, Vec<Value>) {
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    let all = report["findings"].as_array().unwrap().clone();
    let word = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    (all.iter().map(|finding| format!("{}: {}", word(finding, "name"), word(finding, "state"))).collect(), all)
}

#[test]
fn server_that_is_well_relays_over_udp_tcp_and_tls_and_the_code_is_0() {
    let patient = Patient::start(&["--set", "turn.tcp_listen=127.0.0.1:0"]);
    let done = output(&["doctor", &patient.url, "--insecure", "--json"]);
    let (names, _) = findings(&done);
    let expected = [
        "page: ok",
        "certificate: not-checked",
        "WebSocket: ok",
        "clock: ok",
        "STUN: ok",
        "TURN over UDP: ok",
        "TURN over TCP: ok",
        "TURN over TLS: ok",
    ];
    assert_eq!(names, expected, "{}", text(&done.stdout));
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn certificate_that_nobody_signed_fails_with_advice_and_the_rest_is_checked_all_the_same() {
    let patient = Patient::start(&[]);
    let (_, all) = findings(&output(&["doctor", &patient.url, "--insecure", "--json"]));
    let tls = all.iter().find(|finding| finding["name"] == "TURN over TLS").unwrap();
    let place = tls["seen"].as_str().unwrap().split(' ').next().unwrap();
    let done = output(&["doctor", &format!("https://{place}")]);
    let said = text(&done.stdout);
    let state_of = |name: &str| {
        let line = said.lines().find(|line| line.contains(name)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert_eq!([state_of("certificate"), state_of("page"), state_of("TURN over UDP")], ["fail", "ok", "ok"], "{said}");
    assert!(said.contains("set https.cert and https.key") && said.contains("/check"), "{said}");
}

#[test]
fn turn_that_is_off_is_a_warning() {
    let patient = Patient::start(&["--set", "turn.enabled=false"]);
    let done = output(&["doctor", &patient.url, "--json"]);
    let (names, _) = findings(&done);
    assert!(names.contains(&"TURN: warn".to_owned()) && names.contains(&"clock: not-checked".to_owned()), "{names:?}");
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn doors_that_are_shut_fail_one_by_one() {
    // Nobody listens at the address that the server names.
    let patient = Patient::start(&["--set", "public.host=127.0.0.2"]);
    let done = output(&["doctor", &patient.url, "--json"]);
    let (names, all) = findings(&done);
    for name in ["page: ok", "WebSocket: ok", "STUN: fail", "TURN over UDP: fail", "TURN over TLS: fail"] {
        assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
    }
    assert!(all.iter().filter(|finding| finding["state"] == "fail").all(|finding| finding["advice"] != ""));
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn without_a_page_nothing_else_is_called_right_or_wrong() {
    let done = output(&["doctor", "http://127.0.0.1:1", "--json"]);
    let (names, _) = findings(&done);
    assert_eq!(
        names,
        ["page: fail", "certificate: not-checked", "WebSocket: not-checked", "STUN: not-checked", "TURN: not-checked"]
    );
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn what_is_no_address_is_refused_with_code_2() {
    let refused = output(&["doctor", "call.example.org"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("the scheme must be http or https"));
}
