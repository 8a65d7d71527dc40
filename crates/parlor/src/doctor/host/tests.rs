use std::net::TcpListener;

use server::config::Sources;

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
