use std::ffi::OsString;

use super::translate;
use crate::config::{Config, Loaded, Sources};

fn environment(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn loaded(variables: &[(&str, &str)]) -> Loaded {
    Config::load(&Sources { environment: environment(variables), ..Sources::default() }).unwrap()
}

const RTMP: std::net::SocketAddr =
    std::net::SocketAddr::V6(std::net::SocketAddrV6::new(std::net::Ipv6Addr::UNSPECIFIED, 1935, 0, 0));

#[test]
fn the_variables_of_a_container_become_settings() {
    let Loaded { config, notes, warnings, .. } = loaded(&[
        ("SRS_LISTEN", "1936"),
        ("SRS_HTTP_SERVER_LISTEN", "0.0.0.0:8081"),
        ("SRS_HTTP_API_LISTEN", "1985"),
        ("SRS_HTTP_API_AUTH_ENABLED", "on"),
        ("SRS_HTTP_API_AUTH_USERNAME", "admin"),
        ("SRS_HTTP_API_AUTH_PASSWORD", "hidden"),
        ("SRS_RTC_SERVER_LISTEN", "8000"),
        ("CANDIDATE", "203.0.113.7"),
        ("SRS_SERVER_ID", "edge-7"),
        ("SRS_VHOST_HTTP_HOOKS_ENABLED", "on"),
        ("SRS_VHOST_HTTP_HOOKS_ON_PUBLISH", "http://127.0.0.1:8085/a http://127.0.0.1:8085/b?key=hidden"),
        ("SRS_VHOST_HLS_ENABLED", "on"),
        ("SRS_VHOST_PLAY_ATC", "on"),
        ("SRS_PID", "./objs/srs.pid"),
    ]);
    assert_eq!(warnings, Vec::<String>::new());
    let ports = |addresses: &[std::net::SocketAddr]| addresses.iter().map(|address| address.port()).collect::<Vec<_>>();
    assert_eq!(ports(&config.live_rtmp_listen.addresses(RTMP).0.0), [1936]);
    assert_eq!(ports(&config.http_listen.0), [8081, 1985]);
    assert_eq!(ports(&config.udp_listen.0), [8000]);
    assert_eq!(config.public_addresses, ["203.0.113.7".parse::<std::net::IpAddr>().unwrap()]);
    assert_eq!((config.live_server_id.0.as_str(), config.live_on_publish.0.len()), ("edge-7", 2));
    let (name, password) = &config.live_api_users.0[0];
    assert_eq!((name.as_str(), password.reveal()), ("admin", "hidden"));
    let notes = notes.join("\n");
    for said in ["SRS_LISTEN is live.rtmp_listen", "CANDIDATE is public.addresses", "SRS_PID has no meaning here"] {
        assert!(notes.contains(said), "{said} in {notes}");
    }
    assert!(!notes.contains("hidden"), "{notes}");
}

#[test]
fn what_is_not_understood_or_cannot_be_is_a_warning() {
    let Loaded { warnings, config, .. } = loaded(&[
        ("SRS_VHOST_DASH_ENABLED", "on"),
        ("SRS_VHOST_HLS_ENABLED", "off"),
        ("SRS_HTTP_API_AUTH_ENABLED", "on"),
    ]);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("SRS_VHOST_DASH_ENABLED is not understood")));
    assert!(config.live_api_users.0.is_empty());
}

#[test]
fn hooks_are_off_until_they_are_on_and_servers_until_they_are_not() {
    let config = loaded(&[
        ("SRS_VHOST_HTTP_HOOKS_ON_PLAY", "http://127.0.0.1/"),
        ("SRS_HTTP_SERVER_LISTEN", "8080"),
        ("SRS_HTTP_API_ENABLED", "off"),
        ("SRS_HTTP_API_LISTEN", "1985"),
        ("SRS_RTC_SERVER_ENABLED", "off"),
    ])
    .config;
    assert!(config.live_on_play.0.is_empty() && !config.media_enabled);
    assert_eq!(config.http_listen.0.iter().map(std::net::SocketAddr::port).collect::<Vec<_>>(), [8080]);
}

#[test]
fn recordings_go_to_the_folder_before_the_pattern_as_the_kind_of_file_behind_it() {
    let path = ("SRS_VHOST_DVR_DVR_PATH", "/data/dvr/[app]/[stream].[timestamp].mp4");
    let config = loaded(&[("SRS_VHOST_DVR_ENABLED", "on"), path, ("SRS_VHOST_DVR_DVR_PLAN", "session")]).config;
    assert_eq!(config.recording_folder.as_deref(), Some(std::path::Path::new("/data/dvr")));
    assert_eq!(config.recording_format.0, live::record::Wanted::Mp4);
    assert!(config.recording_streams.contain(&live::StreamName::new("any", "name").unwrap()));
    assert_eq!(loaded(&[path]).config.recording_folder, None);
    assert_eq!(loaded(&[("SRS_VHOST_DVR_ENABLED", "on")]).warnings.len(), 1);
}

#[test]
fn a_candidate_alone_is_somebody_elses_variable_unless_it_was_asked_for() {
    let variables = environment(&[("CANDIDATE", "live.example.org")]);
    assert!(translate(&variables, false).assignments.is_empty());
    assert_eq!(translate(&variables, true).assignments[0].setting.key, "public.host");
    let any = translate(&environment(&[("CANDIDATE", "*")]), true);
    assert!(any.assignments.is_empty() && any.notes[0].starts_with("CANDIDATE is *"));
}

#[test]
fn our_own_variables_and_flags_are_stronger() {
    let environment = environment(&[("SRS_LISTEN", "1936"), ("PARLOR_LIVE_RTMP_LISTEN", "1937")]);
    let config = Config::load(&Sources { environment, ..Sources::default() }).unwrap().config;
    assert_eq!(config.live_rtmp_listen.addresses(RTMP).0.0[0].port(), 1937);
}

#[test]
fn streams_are_forwarded_as_the_variables_say_when_that_is_switched_on() {
    let variables = [
        ("SRS_VHOST_FORWARD_DESTINATION", "192.0.2.1:1936 rtmp://192.0.2.2/app/hidden"),
        ("SRS_VHOST_FORWARD_BACKEND", "http://127.0.0.1:8085/api/v1/forward"),
    ];
    let Loaded { config, notes, warnings, .. } =
        loaded(&[&[("SRS_VHOST_FORWARD_ENABLED", "on")], &variables[..]].concat());
    let name = live::StreamName::new("live", "s").unwrap();
    let urls: Vec<String> = config.live_forward.urls(&name).map(ToString::to_string).collect();
    assert_eq!(
        (urls, config.live_on_forward.0.len()),
        (vec!["rtmp://192.0.2.1:1936".to_owned(), "rtmp://192.0.2.2/app".to_owned()], 1)
    );
    assert!(warnings.is_empty() && notes.iter().all(|note| !note.contains("hidden")), "{notes:?}");

    let Loaded { config, notes, warnings, .. } = loaded(&variables);
    assert!(config.live_forward.urls(&name).next().is_none() && config.live_on_forward.0.is_empty());
    assert!(warnings.is_empty() && notes.len() == 1, "{notes:?}");
}
