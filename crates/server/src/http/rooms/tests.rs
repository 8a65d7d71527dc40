//! The API's document is true.

use std::collections::BTreeSet;

use room::event::{EventMember, RoomEvent, RoomEventKind};
use room::manage::{Manage, MemberReport, PolicyChange, RoomList, RoomReport, RoomSummary, ShotReport, WaiterReport};
use room::media::Source;
use room::show::StreamPolicy;
use room::take::RecordingPolicy;
use serde_json::{Value, json};

use super::{DataBody, MuteBody, OPENAPI, ROUTES, create, find, names, read};
use crate::http::live::list;
use crate::http::{drain, recordings, relays, targets};
use axum::http::Method;

const DOCUMENT: &str = include_str!("../../../../../docs/http-api.md");

fn openapi() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// Checks a value against the schema of this name: every key known, every required key there, types as said.
fn check(openapi: &Value, schema: &Value, value: &Value) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/schemas/")) {
        return check(openapi, &openapi["components"]["schemas"][name], value);
    }
    if let Some(schemas) = schema["anyOf"].as_array() {
        // Something, or null.
        assert_eq!((schemas.len(), &schemas[1]["type"]), (2, &json!("null")));
        if !value.is_null() {
            check(openapi, &schemas[0], value);
        }
        return;
    }
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let wanted = &schema["type"];
    let fits = wanted.is_null()
        || wanted == found
        || (wanted == "number" && found == "integer")
        || wanted.as_array().is_some_and(|types| types.contains(&found.into()));
    assert!(fits, "{value} is not {wanted}");
    assert!(schema["enum"].as_array().is_none_or(|values| values.contains(value)), "{value} is none of {schema}");
    for item in value.as_array().into_iter().flatten() {
        check(openapi, &schema["items"], item);
    }
    let Some(object) = value.as_object().filter(|_| wanted == "object") else { return };
    for (key, value) in object {
        let property = schema["properties"].get(key).unwrap_or_else(|| panic!("{key} is not in {schema}"));
        check(openapi, property, value);
    }
    for key in schema["required"].as_array().unwrap() {
        assert!(object.contains_key(key.as_str().unwrap()), "{key} is missing in {value}");
    }
}

pub(in crate::http) fn check_named(name: &str, value: &Value) {
    let openapi = openapi();
    let schema = &openapi["components"]["schemas"][name];
    assert!(schema.is_object(), "there is a schema {name}");
    check(&openapi, schema, value);
}

#[test]
fn the_document_has_the_routes_of_the_server_and_no_others() {
    let openapi = openapi();
    let methods = ["get", "post", "put", "patch", "delete"];
    let documented: BTreeSet<(String, String)> = openapi["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let found = methods.iter().filter(|method| item.get(**method).is_some());
            found.map(|method| (path.clone(), method.to_uppercase())).collect::<Vec<_>>()
        })
        .collect();
    let own = ROUTES.iter().map(|route| (&route.method, route.path));
    let own: Vec<_> = own
        .chain(
            list::ROUTES
                .iter()
                .chain(&recordings::ROUTES)
                .chain(&targets::ROUTES)
                .chain(&relays::ROUTES)
                .chain(&drain::ROUTES)
                .map(|(method, path)| (method, *path)),
        )
        .collect();
    assert_eq!(documented, own.iter().map(|(method, path)| ((*path).to_owned(), method.to_string())).collect());
    for (method, path) in own {
        let row = format!("`{method} {path}");
        assert!(DOCUMENT.contains(&row) || DOCUMENT.contains(path), "{row} is in docs/http-api.md");
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| walk(value, found));
            }
            Value::Array(array) => array.iter().for_each(|value| walk(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let openapi = openapi();
    let mut found = Vec::new();
    walk(&openapi, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(openapi.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

#[test]
fn every_example_and_every_sample_is_as_its_schema_says() {
    for (name, schema) in openapi()["components"]["schemas"].as_object().unwrap() {
        check_named(name, &schema["example"]);
    }
    let mut samples = 0;
    for block in DOCUMENT.split("```json ").skip(1) {
        let (name, rest) = block.split_once('\n').unwrap();
        let (sample, _) = rest.split_once("\n```").unwrap();
        check_named(name, &serde_json::from_str(sample).unwrap());
        samples += 1;
    }
    assert!(samples >= 8 && DOCUMENT.matches("```json").count() == samples);
}

#[test]
fn the_server_reads_the_bodies_that_the_document_shows() {
    let example = |name: &str| openapi()["components"]["schemas"][name]["example"].to_string().into_bytes();
    let policy: PolicyChange = read(&example("RoomPolicy")).unwrap();
    assert!(policy.name.is_some() && policy.topology.is_some() && policy.members_max.is_some());
    assert!(policy.lobby.is_some() && policy.locked.is_some() && policy.keep_seconds.is_some());
    assert!(policy.stream.is_some() && policy.recording.is_some());
    let expected = Manage::Create { room: Some("rounds-7".to_owned()), policy };
    assert_eq!(create(&example("NewRoom")).unwrap(), expected);
    assert_eq!(create(b"").unwrap(), Manage::Create { room: None, policy: PolicyChange::default() });
    let mute: MuteBody = read(&example("Mute")).unwrap();
    assert_eq!((mute.uid.as_deref(), mute.source), (Some("zz81"), Source::Microphone));
    let data: DataBody = read(&example("Data")).unwrap();
    assert_eq!((data.uid, data.topic.as_str(), data.data.get()), (None, "notice", r#"{"minutesLeft":5}"#));
    for wrong in [r#"{"roomId":7}"#, r#"{"colour":"red"}"#, r#"{"topology":"star"}"#, "[]", "{"] {
        assert!(create(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert!(read::<MuteBody>(br#"{"source":"nose"}"#).is_err());
    assert!(read::<DataBody>(br#"{"topic":"x"}"#).is_err());
}

#[test]
fn what_the_server_answers_is_as_the_document_says() {
    let text = || "x".to_owned();
    let member = MemberReport {
        uid: text(),
        name: text(),
        role: text(),
        v: 2,
        connection: "online",
        media: true,
        tracks: Source::ALL.to_vec(),
        muted: Source::ALL.to_vec(),
    };
    let report = RoomReport {
        room_id: text(),
        name: text(),
        topology: room::Topology::Auto,
        mode: "sfu",
        members_max: 2,
        lobby: false,
        locked: false,
        stream: StreamPolicy::Off,
        viewers: 0,
        shown: Some(ShotReport { uid: text(), source: Source::Screen }),
        recording: RecordingPolicy::On,
        recorded_since: None,
        keep_seconds: None,
        started_at: 1,
        members: vec![member],
        waiting: vec![WaiterReport { uid: text(), name: text() }],
    };
    check_named("Room", &json!(report));
    let summary = RoomSummary { room_id: text(), name: text(), mode: "p2p", members: 1, waiting: 0, started_at: 1 };
    check_named("RoomList", &json!(RoomList { rooms: vec![summary], next: Some(text()) }));
    let member = || EventMember { uid: text(), name: text(), role: text() };
    for kind in [
        RoomEventKind::RoomStarted,
        RoomEventKind::RoomEnded,
        RoomEventKind::MemberJoined { member: member() },
        RoomEventKind::MemberLeft { member: member() },
        RoomEventKind::TracksPublished { member: member(), sources: Source::ALL.to_vec() },
        RoomEventKind::TracksUnpublished { member: member(), sources: Source::ALL.to_vec() },
    ] {
        let mut body = json!(RoomEvent { at: 1, room_id: text(), kind });
        body["id"] = "1".into();
        check_named("Event", &body);
    }
}

#[test]
fn names_in_paths_are_percent_decoded() {
    let template = "/api/v1/rooms/{roomId}/members/{uid}";
    let found = names(template, "/api/v1/rooms/%E6%88%BF%2F1/members/a%20b");
    assert_eq!(found, Some(vec!["房/1".to_owned(), "a b".to_owned()]));
    for other in [
        "/api/v1/rooms//members/a",
        "/api/v1/rooms/1/members",
        "/api/v1/rooms/1/members/a/b",
        "/api/v1/rooms/%ff/members/a",
    ] {
        assert_eq!(names(template, other), None, "{other}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    assert!(find(&Method::HEAD, "/api/v1/rooms").is_ok());
    let problem = find(&Method::PUT, "/api/v1/rooms/1").unwrap_err();
    assert_eq!(problem.to_string(), "only GET, PATCH, DELETE is possible here");
    assert!(find(&Method::GET, "/api/v1/rooms/1/2").is_err());
}
