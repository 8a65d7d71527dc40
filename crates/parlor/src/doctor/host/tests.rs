use std::net::TcpListener;

use rcgen::{CertificateParams, KeyPair};
use server::config::Sources;
use time::OffsetDateTime;

use super::*;

fn config(settings: &[&str]) -> Config {
    let flags = settings.iter().map(ToString::to_string).collect();
    Config::load(&Sources { flags, ..Sources::default() }).unwrap().config
}

#[test]
fn open_files_count_connections_and_relays_and_no_relays_where_there_are_no_relay_ports() {
    let with_relays = ["limits.tcp_connections=100", "limits.allocations=50"];
    let without = [with_relays[0], with_relays[1], "turn.relay_ports=off"];
    let state = |settings: &[&str], limit| open_files(&config(settings), limit).state;
    assert_eq!(state(&with_relays, Some(406)), State::Ok);
    assert_eq!(state(&with_relays, Some(405)), State::Warn);
    assert_eq!(state(&without, Some(356)), State::Ok);
    assert_eq!(state(&without, Some(355)), State::Warn);
    assert_eq!(state(&with_relays, None), State::Ok);
}

#[test]
fn public_address_is_what_stun_says_or_is_set_or_is_an_interfaces() {
    let own = ["192.168.1.5".parse().unwrap()];
    let public = ["192.168.1.5".parse().unwrap(), "8.8.8.8".parse().unwrap()];
    let set = config(&[r#"public.addresses=["198.51.100.7"]"#]);
    let answer =
        [("s:3478".to_owned(), Err("silent".to_owned())), ("t:3478".to_owned(), Ok("8.8.4.4:5".parse().unwrap()))];
    let silence = [("s:3478".to_owned(), Err("silent".to_owned()))];
    let cases = [
        (public_address(&config(&[]), &own, &[]), State::Warn, "192.168.1.5"),
        (public_address(&config(&[]), &[], &[]), State::Warn, "no network"),
        (public_address(&config(&[]), &public, &[]), State::Ok, "8.8.8.8"),
        (public_address(&set, &own, &[]), State::Ok, "198.51.100.7"),
        (public_address(&set, &own, &answer), State::Ok, "t:3478 sees this machine as 8.8.4.4"),
        (public_address(&set, &own, &silence), State::Fail, "s:3478: silent"),
    ];
    for (finding, state, part) in cases {
        assert_eq!(finding.state, state, "{finding:?}");
        assert!(finding.seen.contains(part), "{finding:?}");
    }
}

#[test]
fn port_that_another_program_has_is_named_with_its_setting() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("https.listen={}", other.local_addr().unwrap());
    let free = ["http.listen=127.0.0.1:0", "udp.listen=127.0.0.1:0", "turn.tcp_listen=off", "stun.second_listen=off"];
    let found = ports(&config(&[free.as_slice(), &[taken.as_str()]].concat()));
    let states: Vec<_> = found.iter().map(|finding| (finding.name.as_str(), finding.state)).collect();
    assert_eq!(states, [("http.listen", State::Ok), ("https.listen", State::Fail), ("udp.listen", State::Ok)]);
    assert!(found[1].seen.contains("--set https.listen="), "{found:?}");
}

#[test]
fn certificate_without_its_files_is_a_warning_and_with_wrong_ones_a_failure() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("chain.pem");
    std::fs::write(&file, "nothing").unwrap();
    let [cert, key] = ["https.cert", "https.key"].map(|setting| format!("{setting}={}", file.display()));
    assert_eq!(certificate(&config(&[])).state, State::Warn);
    let wrong = certificate(&config(&[&cert, &key]));
    assert_eq!(wrong.state, State::Fail);
    assert!(wrong.seen.contains("chain.pem"), "{wrong:?}");
}

/// What is found of a certificate for call.example.org that is good from day 100 to day 200 of the Unix age.
fn found_of_certificate(host: Option<&str>, day: u64) -> Finding {
    let directory = tempfile::tempdir().unwrap();
    let moment = |day: i64| OffsetDateTime::UNIX_EPOCH + time::Duration::days(day);
    let mut params = CertificateParams::new(["call.example.org".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (moment(100), moment(200));
    let pair = KeyPair::generate().unwrap();
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| directory.path().join(name));
    std::fs::write(&chain, params.self_signed(&pair).unwrap().pem()).unwrap();
    std::fs::write(&key, pair.serialize_pem()).unwrap();
    let unix_now = Duration::from_secs(day * SECONDS_PER_DAY + 1);
    let source = CertificateSource::Files { chain, key };
    judge(&Certificate::open(source, tls::provider(), unix_now).unwrap(), "chain.pem", host, unix_now)
}

#[test]
fn certificate_of_another_name_or_time_is_a_failure_and_one_that_ends_within_a_week_a_warning() {
    let cases = [
        (Some("call.example.org"), 150, State::Ok, "for 49 days more"),
        (None, 150, State::Ok, "for 49 days more"),
        (Some("call.example.org"), 193, State::Warn, "for 6 days more"),
        (Some("call.example.org"), 203, State::Fail, "ended 3 days ago"),
        (Some("call.example.org"), 90, State::Fail, "good in 9 days only"),
        (Some("example.org"), 150, State::Fail, "not for example.org"),
    ];
    for (host, day, state, part) in cases {
        let finding = found_of_certificate(host, day);
        assert_eq!(finding.state, state, "{finding:?}");
        assert!(finding.seen.contains(part), "{finding:?}");
        assert_eq!(finding.advice.is_empty(), state == State::Ok, "{finding:?}");
    }
}

#[test]
fn data_dir_that_is_a_file_is_a_failure_and_one_that_is_not_there_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let state = |path: &std::path::Path| data_dir(&config(&[&format!("data.dir={}", path.display())])).state;
    assert_eq!(state(&file), State::Fail);
    assert_eq!(state(&directory.path().join("new")), State::Ok);
    assert!(!directory.path().join("new").exists());
    assert_eq!(state(directory.path()), State::Ok);
}
