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
        // The media server has this address, too: it may be a peer.
        "relayed address: ok",
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
fn relayed_address_is_not_checked_where_the_server_relays_nothing_to_this_machine() {
    let patient = Patient::start(&["--set", "turn.relay_ports=off"]);
    let done = output(&["doctor", &patient.url, "--insecure", "--json"]);
    let (names, all) = findings(&done);
    assert!(names.contains(&"relayed address: not-checked".to_owned()), "{names:?}");
    let relayed = all.iter().find(|finding| finding["name"] == "relayed address").unwrap();
    assert!(relayed["seen"].as_str().unwrap().contains("403"), "{relayed}");
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn relay_ports_behind_another_address_than_the_server_says_fail_with_advice() {
    let named = ["--set", "public.host=127.0.0.1", "--set", "public.addresses=[\"198.51.100.1\"]"];
    let patient = Patient::start(&[named.as_slice(), &["--set", "turn.allow_peers=127.0.0.0/8"]].concat());
    let done = output(&["doctor", &patient.url, "--json"]);
    let (names, all) = findings(&done);
    let relayed = all.iter().find(|finding| finding["name"] == "relayed address").unwrap();
    assert_eq!(relayed["state"], "fail", "{names:?}");
    assert!(relayed["advice"].as_str().unwrap().contains("public.addresses"), "{relayed}");
    assert_eq!(done.status.code(), Some(1));
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

#[test]
fn without_a_url_the_machine_is_looked_at_and_its_ports_while_no_server_runs() {
    let free = ["https.listen=127.0.0.1:0", "udp.listen=127.0.0.1:0", "stun.second_listen=off", "turn.tcp_listen=off"];
    let settings = [free.as_slice(), &["http.listen=127.0.0.1:1"]].concat();
    let arguments: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let done = output(&[["doctor", "--json"].as_slice(), &arguments].concat());
    let (names, all) = findings(&done);
    for name in ["configuration: ok", "data.dir: ok", "certificate: warn", "server: not-checked", "udp.listen: ok"] {
        assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
    }
    for name in ["open files", "clock", "public address", "http.listen", "https.listen"] {
        assert!(all.iter().any(|finding| finding["name"] == name), "{name}: {names:?}");
    }
}

#[test]
fn without_a_url_the_server_of_the_settings_is_visited_when_it_runs() {
    let patient = Patient::start(&[]);
    let address = patient.url.trim_start_matches("http://");
    let done = output(&["doctor", "--json", "--set", &format!("http.listen={address}")]);
    let (names, _) = findings(&done);
    for name in ["configuration: ok", "page: ok", "WebSocket: ok", "STUN: ok", "TURN over UDP: ok", "TURN over TLS: ok"]
    {
        assert!(names.contains(&name.to_owned()), "{name}: {names:?}");
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("clock") || name.starts_with("certificate")).count(), 2);
    assert_eq!(done.status.code(), Some(0), "{names:?}");
}

#[test]
fn settings_that_are_not_accepted_are_the_one_finding() {
    let done = output(&["doctor", "--json", "--set", "turn.relay_ports=none"]);
    let (names, all) = findings(&done);
    assert_eq!(names, ["configuration: fail"]);
    assert!(all[0]["seen"].as_str().unwrap().contains("turn.relay_ports"), "{all:?}");
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn url_and_settings_together_are_refused_with_code_2() {
    let refused = output(&["doctor", "http://127.0.0.1:1", "--set", "http.listen=9000"]);
    assert_eq!(refused.status.code(), Some(2));
}
