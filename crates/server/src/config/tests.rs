use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;

use super::setting::Setting;
use super::{Config, Listen, PortRange, SETTINGS, Sources, source};

fn flags(flags: &[&str]) -> Sources {
    Sources { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..Sources::default() }
}

fn file(text: &str) -> (tempfile::NamedTempFile, Sources) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
    (file, sources)
}

/// The error text for a file, with its path taken off.
fn refusal_of_file(text: &str) -> String {
    let (file, sources) = file(text);
    let text = Config::load(&sources).unwrap_err().to_string();
    text.replace(&format!("{}:", file.path().display()), "line ")
}

fn refusal_of_flag(flag: &str) -> String {
    Config::load(&flags(&[flag])).unwrap_err().to_string()
}

#[test]
fn every_default_and_example_is_accepted() {
    for setting in SETTINGS {
        let mut config = Config::default();
        let values = [Some(setting.default), setting.example];
        for text in values.into_iter().flatten() {
            assert_eq!((setting.assign)(&mut config, &source::toml_value(text)), Ok(()), "{} = {text}", setting.key);
        }
    }
}

#[test]
fn flag_wins_over_environment_wins_over_file_wins_over_default() {
    let (_file, mut sources) = file("[http]\nlisten = 1001\n[turn]\nrealm = \"file\"\n");
    let loaded = Config::load(&sources).unwrap().config;
    assert_eq!((loaded.http_listen.0[0].port(), loaded.turn_realm.0.as_str()), (1001, "file"));
    assert_eq!(loaded.udp_listen.0[0].port(), 3478);
    sources.environment = vec![("PARLOR_HTTP_LISTEN".into(), "1002".into())];
    assert_eq!(Config::load(&sources).unwrap().config.http_listen.0[0].port(), 1002);
    sources.flags = vec!["http.listen=1003".to_owned(), "http.listen=1004".to_owned()];
    assert_eq!(Config::load(&sources).unwrap().config.http_listen.0[0].port(), 1004);
}

#[test]
fn unknown_key_in_a_file_is_refused_with_its_line_and_the_nearest_key() {
    assert_eq!(
        refusal_of_file("# mine\n[http]\nlisten = 8080\nlisen = 1\n"),
        "line 4: http.lisen: no such setting; did you mean http.listen?"
    );
    assert_eq!(
        refusal_of_file("http.listen = 1\n\nweather = \"fine\"\n"),
        "line 3: weather: no such setting; `parlor config` lists them all"
    );
}

#[test]
fn bad_value_in_a_file_is_refused_with_its_line_and_what_would_be_right() {
    assert_eq!(
        refusal_of_file("[turn]\nenabled = \"perhaps\"\n"),
        "line 2: turn.enabled: expected true or false, found \"perhaps\""
    );
    assert_eq!(
        refusal_of_file("[turn]\n\n\nrelay_ports = \"9-3\"\n"),
        "line 4: turn.relay_ports: expected a range of ports with the lower one first, found \"9-3\""
    );
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    let text = refusal_of_file("[http]\nlisten = = 3\n");
    assert!(text.starts_with("line 2: not TOML: "), "{text}");
}

#[test]
fn all_faults_are_reported_at_once() {
    let (_file, mut sources) = file("a = 1\nb = 2\n");
    sources.flags = vec!["turn.enabled=3".to_owned()];
    assert_eq!(Config::load(&sources).unwrap_err().0.len(), 3);
}

#[test]
fn missing_file_is_refused_by_name() {
    let sources = Sources { file: Some("/nowhere/parlor.toml".into()), ..Sources::default() };
    let text = Config::load(&sources).unwrap_err().to_string();
    assert!(text.starts_with("/nowhere/parlor.toml: cannot be read: "), "{text}");
}

#[test]
fn bare_word_of_a_flag_is_a_string() {
    let config = Config::load(&flags(&["https.listen=off", "http.listen=127.0.0.1:0", "turn.realm=7"])).unwrap().config;
    assert_eq!(config.https_listen, Listen(Vec::new()));
    assert_eq!(config.http_listen, Listen(vec!["127.0.0.1:0".parse().unwrap()]));
    assert_eq!(config.turn_realm.0, "7");
}

#[test]
fn flag_without_a_value_or_with_an_unknown_key_is_refused() {
    assert_eq!(refusal_of_flag("http"), "--set: http: expected key=value, as in --set http.listen=8080");
    assert_eq!(refusal_of_flag("udp.port=3"), "--set: udp.port: no such setting; `parlor config` lists them all");
    assert_eq!(refusal_of_flag("turn.user=3"), "--set: turn.user: no such setting; did you mean turn.users?");
}

#[test]
fn variable_that_is_not_utf_8_is_refused_where_it_is_a_setting_and_nowhere_else() {
    let strange = || OsString::from_vec(b"sec\xffret".to_vec());
    let named = |name: &str| (OsString::from(name), strange());
    let environment = vec![named("PARLOR_TURN_REALM"), named("PARLOR_SERVICE_HOST"), named("PATH")];
    let refused = Config::load(&Sources { environment, ..Sources::default() }).err().unwrap().to_string();
    let place = "environment variable PARLOR_TURN_REALM: turn.realm: ";
    assert_eq!(refused.trim(), format!("{place}expected text in UTF-8, found bytes that are none"));
    let environment = vec![named("PARLOR_SERVICE_HOST"), (strange(), "x".into())];
    assert_eq!(Config::load(&Sources { environment, ..Sources::default() }).unwrap().warnings.len(), 1);
}

#[test]
fn unknown_variable_is_a_warning_and_other_variables_are_not_looked_at() {
    let environment = vec![("PARLOR_SERVICE_HOST".into(), "x".into()), ("PATH".into(), "x".into())];
    let loaded = Config::load(&Sources { environment, ..Sources::default() }).unwrap();
    assert_eq!(loaded.warnings, ["environment variable PARLOR_SERVICE_HOST is not a setting and is ignored"]);
}

#[test]
fn lists_take_arrays_and_words_with_commas() {
    for flag in ["turn.allow_peers=[\"127.0.0.0/8\", \"::1\"]", "turn.allow_peers=127.0.0.0/8,::1"] {
        let config = Config::load(&flags(&[flag])).unwrap().config;
        assert!(config.turn_allow_peers.contain("127.0.0.9".parse().unwrap()));
        assert!(config.turn_allow_peers.contain("::1".parse().unwrap()));
        assert!(!config.turn_allow_peers.contain("10.0.0.1".parse().unwrap()));
    }
    let config = Config::load(&flags(&["udp.listen=127.0.0.1:1,[::1]:2"])).unwrap().config;
    assert_eq!(config.udp_listen.0.len(), 2);
}

#[test]
fn users_are_a_table_or_words() {
    for flag in ["turn.users={ ana = \"a:b\" }", "turn.users=[\"ana:a:b\"]", "turn.users=ana:a:b"] {
        let config = Config::load(&flags(&[flag])).unwrap().config;
        let (name, password) = &config.turn_users.0[0];
        assert_eq!((name.as_str(), password.reveal()), ("ana", "a:b"));
    }
}

#[test]
fn secret_is_shown_neither_in_errors_nor_in_debug_text() {
    let text = refusal_of_flag("turn.secrets=hunter2");
    assert!(text.contains("at least 16") && !text.contains("hunter2"), "{text}");
    let key = "0123456789abcdef0123456789abcdef";
    let config = Config::load(&flags(&[&format!("auth.keys={key}"), &format!("turn.secrets={key}")])).unwrap().config;
    assert!(!format!("{config:?}").contains(key));
    assert_eq!(config.auth_keys.0[0].1.reveal(), key);
}

#[test]
fn port_range_limits_and_seconds_have_bounds() {
    let config = Config::load(&flags(&["turn.relay_ports=50000-50001"])).unwrap().config;
    assert_eq!(config.turn_relay_ports, Some(PortRange { first: 50000, last: 50001 }));
    let config = Config::load(&flags(&["turn.relay_ports=off"])).unwrap().config;
    assert_eq!(config.turn_relay_ports, None);
    for flag in [
        "turn.relay_ports=0-5",
        "turn.relay_ports=70000-70001",
        "turn.relay_ports=none",
        "limits.tcp_connections=-1",
        "turn.credential_seconds=59",
        "turn.credential_seconds=604801",
        "http.listen=65536",
        "http.listen=localhost:80",
        "public.host=https://a",
        "public.host=a b",
        "public.addresses=call.example.org",
        "origin.allow=example.org",
        "origin.allow=https://a/path",
        "compat.anonymous=some",
        "log=loud=9",
        "auth.keys=short",
    ] {
        assert!(refusal_of_flag(flag).contains(": expected "), "{flag}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    assert!(refusal_of_flag("https.cert=a.pem").contains("https.cert and https.key are given together"));
    let off = flags(&["http.listen=off", "https.listen=off"]);
    assert!(Config::load(&off).unwrap_err().to_string().contains("at least one of http.listen and https.listen"));
}

#[test]
fn sample_read_as_it_stands_changes_nothing_and_uncommented_is_accepted() {
    let sample = super::sample();
    let (_file, sources) = file(&sample);
    assert_eq!(format!("{:?}", Config::load(&sources).unwrap().config), format!("{:?}", Config::default()));
    let settings: String = sample
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .filter(|line| line.split(' ').next().is_some_and(|key| Setting::find(key).is_some()))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(settings.lines().count(), SETTINGS.len());
    let (_file, sources) = file(&settings);
    assert_eq!(format!("{:?}", Config::load(&sources).unwrap().config), format!("{:?}", Config::default()));
}

#[test]
fn configuration_page_follows_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, super::markdown()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == super::markdown(), "docs/configuration.md is stale: UPDATE=1 cargo test -p server writes it");
}
