//! `docs/signalling.md` is true.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Opened,
    apprtc::{Frame, Kind},
    error::{Error, Malformed},
    media::{DataRefusal, MediaEvent, QualityReason, SlotReport, SlotState, Source, TrackDescription},
    message::{Command, Request},
    srs,
    take::RecordingPolicy,
    token::TokenError,
};

use super::language::{Heard, Stage};

const DOCUMENT: &str = include_str!("../../../../../docs/signalling.md");

/// The JSON samples whose fence says `json` and this direction.
fn samples(direction: &str) -> Vec<&'static str> {
    let fence = format!("```json {direction}\n");
    let mut rest = DOCUMENT;
    let mut found = Vec::new();
    while let Some((_, after)) = rest.split_once(&fence) {
        let (sample, after) = after.split_once("\n```").expect("the fence is closed");
        found.push(sample);
        rest = after;
    }
    found
}

/// The keys of an object and of the objects in it, as paths. Where ICE servers come from is not the rooms' affair.
fn keys(value: &Value) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| *key != "iceServers") {
        let inner = value.as_array().map_or(value, |array| array.first().unwrap_or(&Value::Null));
        paths.extend(keys(inner).iter().map(|path| format!("{key}.{path}")));
        paths.insert(key.clone());
    }
    paths
}

/// The keys of every frame that a client can hear, by command.
fn heard_keys() -> BTreeMap<String, Vec<BTreeSet<String>>> {
    let mut stage = Stage::new();
    let (old, new) = stage.course_pair();
    let mut heard = stage.say(new, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
    heard.extend(stage.say(new, r#"{"cmd":"leave","roomId":"100","uid":"bo"}"#));
    heard.extend(stage.say(new, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#));
    let third = stage.open();
    heard.extend(stage.say(third, r#"{"cmd":"join","v":2,"id":"1","roomId":"100"}"#));
    stage.close(old);
    stage.close(new);
    let (ana, bo) = (stage.open(), stage.open());
    for (conn, uid) in [(ana, "ana"), (bo, "bo")] {
        heard.extend(stage.say(conn, &format!(r#"{{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"{uid}"}}"#)));
    }
    for text in [
        r#"{"cmd":"state","id":"1","state":{}}"#,
        r#"{"cmd":"chat","id":"1","text":"Hello"}"#,
        r#"{"cmd":"ping","id":"1"}"#,
        r#"{"cmd":"leave","id":"1"}"#,
    ] {
        heard.extend(stage.say(bo, text));
    }
    heard.extend(stage.shut_down());
    heard.extend(heard_with_media());
    let mut by_command = BTreeMap::<_, Vec<_>>::new();
    for word in heard {
        if let Heard::Frame(_, text) = word {
            let value: Value = serde_json::from_str(&text).unwrap();
            by_command.entry(value["cmd"].as_str().unwrap().to_owned()).or_default().push(keys(&value));
        }
    }
    by_command
}

/// What three members of a room with a media server and a lobby hear.
fn heard_with_media() -> Vec<Heard> {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.recording = Some(RecordingPolicy::Consent);
    });
    let [ana, bo] = [stage.open(), stage.open()];
    let mut heard = stage.join_media(ana, "ana");
    stage.say(ana, r#"{"cmd":"chat","text":"Hello"}"#);
    heard.extend(stage.join_media(bo, "bo"));
    let cy = stage.open();
    heard.extend(stage.join_media(cy, "cy"));
    let peers = [ana, bo].map(|conn| stage.offer(conn, &mut heard));
    let layers = vec!["q".to_owned()];
    let track = TrackDescription { source: Source::Camera, video: true, codec: "VP8", layers, encrypted: false };
    let track_of = Some((peers[0].1, Source::Camera));
    let (mid, layer) = ("4".to_owned(), Some("q".to_owned()));
    let report = SlotReport { mid, track: track_of, state: SlotState::Live, reason: None, layer, temporal: Some(2) };
    for event in [
        MediaEvent::Published { peer: peers[0].1, tracks: vec![track] },
        MediaEvent::Slots { peer: peers[1].1, slots: vec![report] },
        MediaEvent::Layers { peer: peers[0].1, source: Source::Camera, layers: vec![("q".to_owned(), true)] },
        MediaEvent::DataRefused { peer: peers[0].1, label: "data".to_owned(), refusal: DataRefusal::TooMuch },
        MediaEvent::Speakers { room: peers[0].0, speakers: vec![(peers[0].1, -30)] },
        MediaEvent::Quality { room: peers[0].0, members: vec![(peers[0].1, 4, Some(QualityReason::Loss))] },
    ] {
        heard.extend(stage.media(event));
    }
    for (conn, text) in [
        (bo, r#"{"cmd":"state","state":{"hand":true}}"#),
        (bo, r#"{"cmd":"data","topic":"pointer","data":{"x":0.5,"y":0.25}}"#),
        (bo, r#"{"cmd":"react","reaction":"thumbs-up"}"#),
        (ana, r#"{"cmd":"moderate","action":"mute","remoteUid":"bo","source":"microphone"}"#),
        (ana, r#"{"cmd":"moderate","action":"stream","stream":"open"}"#),
        (ana, r#"{"cmd":"moderate","action":"show","remoteUid":"bo"}"#),
        (ana, r#"{"cmd":"moderate","action":"show"}"#),
        (ana, r#"{"cmd":"moderate","action":"stream","stream":"off"}"#),
        (ana, r#"{"cmd":"record","on":true}"#),
        (ana, r#"{"cmd":"record","on":false}"#),
        (ana, r#"{"cmd":"moderate","action":"lobby","on":true}"#),
        (ana, r#"{"cmd":"moderate","action":"role","remoteUid":"bo","role":"host"}"#),
        (ana, r#"{"cmd":"moderate","action":"remove","remoteUid":"cy"}"#),
        (cy, r#"{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"cy","name":"Cy","caps":["media"]}"#),
    ] {
        heard.extend(stage.say(conn, text));
    }
    heard
}

#[test]
fn every_sample_to_the_server_is_a_request_that_it_knows() {
    let samples = samples("to-server");
    assert!(samples.len() >= 20, "the samples are found");
    for sample in samples {
        let request = Request::parse(sample).expect(sample);
        assert_ne!(request.command, Command::Unknown, "{sample}");
        assert!(request.id().is_ok() && request.room().is_ok() && request.uid().is_ok(), "{sample}");
        let read = match request.command {
            Command::Offer if sample.contains("@media") => request.media_offer().is_ok(),
            Command::Subscribe => request.wishes().is_ok(),
            Command::Moderate => request.action().is_ok(),
            Command::Data => request.topic().is_ok() && request.data().is_ok(),
            Command::React => request.reaction().is_ok(),
            Command::State => request.state().is_ok(),
            Command::Record | Command::Consent => request.on().is_ok(),
            Command::Join | Command::Leave | Command::Offer | Command::Forward | Command::Chat | Command::Ping => true,
            Command::Register => request.registration().is_ok(),
            Command::Send => request.message().is_ok(),
            Command::Unknown => false,
        };
        assert!(read, "{sample}");
    }
}

#[test]
fn every_sample_to_the_client_has_the_keys_that_the_server_sends() {
    let heard = heard_keys();
    let mut shown = BTreeSet::new();
    for sample in samples("to-client") {
        let value: Value = serde_json::from_str(sample).expect(sample);
        let command = value["cmd"].as_str().unwrap().to_owned();
        let sent = heard.get(&command).unwrap_or_else(|| panic!("the server sends {command}"));
        assert!(sent.contains(&keys(&value)), "{sample} has other keys than {sent:?}");
        shown.insert(command);
    }
    assert_eq!(shown, heard.into_keys().collect(), "every frame of the server is shown");
}

#[test]
fn no_sample_is_without_a_direction() {
    let fences = DOCUMENT.matches("```json").count();
    let directions = [
        "to-server",
        "to-client",
        "apprtc-joined",
        "apprtc-to-client",
        "apprtc-message",
        "srs-to-server",
        "srs-to-client",
    ];
    let of_each = directions.map(|direction| samples(direction).len());
    assert!(of_each.iter().all(|count| *count > 0), "{of_each:?}");
    assert_eq!(fences, of_each.iter().sum::<usize>());
}

#[test]
fn every_sample_of_apprtc_is_what_its_clients_say_and_hear() {
    for sample in samples("apprtc-message") {
        assert_ne!(Kind::of(sample), Kind::Other, "{sample}");
    }
    let own: Value = serde_json::from_str(&Frame::message("x").text()).unwrap();
    for sample in samples("apprtc-to-client") {
        assert_eq!(keys(&serde_json::from_str(sample).expect(sample)), keys(&own), "{sample}");
    }
}

#[test]
fn every_sample_of_srs_is_what_its_clients_say_and_hear() {
    let mut stage = Stage::new();
    let [ana, bo] = ["ana", "bo"]
        .map(|_| stage.try_open(Opened { srs: true, ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap());
    let mut heard = stage.say(bo, r#"{"tid":"1","msg":{"action":"join","room":"live","display":"bo"}}"#);
    for sample in samples("srs-to-server") {
        assert!(srs::Request::parse(sample).expect(sample).action().is_ok(), "{sample}");
        heard.extend(stage.say(ana, sample));
    }
    heard.extend(stage.say(ana, r#"{"tid":"1","msg":{"action":"join","room":"live","display":"bo"}}"#));
    let texts = heard.iter().filter_map(|word| if let Heard::Frame(_, text) = word { Some(text) } else { None });
    let sent: Vec<_> = texts.map(|text| keys(&serde_json::from_str(text).unwrap())).collect();
    for sample in samples("srs-to-client") {
        let shown = keys(&serde_json::from_str(sample).expect(sample));
        assert!(sent.contains(&shown), "{sample} has other keys than {sent:?}");
    }
}

#[test]
fn the_table_of_errors_is_that_of_the_server() {
    let own = [
        Error::RoomFull { members: 2 },
        Error::UidMismatch,
        Malformed::NoCommand.into(),
        Error::Field { field: "uid" },
        Error::UnknownCommand,
        Error::PeerNotFound,
        Error::TokenMissing,
        TokenError::Expired.into(),
        Error::UidInUse,
        Error::NotJoined,
        Error::TooManyMessages,
        Error::TooManyJoins,
        Error::TooLarge { field: "text", limit_bytes: 1 },
        Error::Version,
        Error::PeerVersion,
        Error::TooManyRooms { limit: 1 },
        Error::Draining,
        Error::Forbidden { grant: "chat" },
        Error::Muted,
        Error::LastHost,
        Error::RoomName,
        Error::Locked,
        Error::Banned,
        Error::Denied,
        Error::MediaNeeded,
        Error::LobbyVersion,
        Error::LobbyFull { waiting: 1 },
        Error::LobbyShareFull { waiting: 1 },
        Error::WrongMode,
        Error::NotThroughServer,
        Error::BadOffer { reason: String::new() },
        Error::NoMedia,
        Error::MediaFull,
        Error::NotOffered,
        Error::TooManyOffers { offers: 1 },
        Error::NoChannel,
        Error::NotRecordable,
        Error::NotRecording,
        Error::DataBusy,
    ];
    let own: BTreeSet<(u16, &str)> = own.iter().map(Error::code).collect();
    let (_, section) = DOCUMENT.split_once("## Errors\n").expect("the section is there");
    let rows = section.lines().take_while(|line| line.starts_with('|')).skip(2);
    let documented: BTreeSet<(u16, &str)> = rows
        .map(|row| {
            let mut cells = row.split('|').skip(1).map(str::trim);
            (cells.next().unwrap().parse().unwrap(), cells.next().unwrap())
        })
        .collect();
    assert_eq!(documented, own);
}
