use std::time::Duration;

use serde_json::json;
use turn::{AllocationKey, AllocationSurvey, ClientAddr, Flow, Traffic, Transport};

use super::{AllocationList, AllocationReport};
use crate::http::rooms::tests::check_named;
use crate::workers::AllocationName;

fn survey(slot: u32) -> (AllocationName, AllocationSurvey) {
    let key = AllocationKey { slot, serial: 9 };
    let [remote, local, peer] =
        ["203.0.113.7:4000", "192.0.2.15:3478", "198.51.100.7:5000"].map(|address| address.parse().unwrap());
    let survey = AllocationSurvey {
        key,
        client: ClientAddr { transport: Transport::Tls, local, remote },
        user: "anna".to_owned(),
        relayed: vec![local],
        age: Duration::from_secs(60),
        expires_in: Duration::from_secs(540),
        permissions: vec![peer.ip()],
        channels: vec![peer],
        traffic: Traffic { to_peers: Flow { packets: 2, bytes: 300 }, to_client: Flow::default() },
    };
    (AllocationName { worker: 1, key }, survey)
}

#[test]
fn allocations_are_told_as_the_document_says() {
    let (name, survey) = survey(4);
    let report = json!(AllocationReport::new(name, &survey));
    check_named("Allocation", &report);
    assert_eq!(report["id"], "1-4-9");
    assert_eq!((&report["client"], &report["transport"]), (&json!("203.0.113.7:4000"), &json!("tls")));
    assert_eq!(report["toPeers"], json!({"packets": 2, "bytes": 300}));
    assert_eq!(report["peers"], json!({"permissions": ["198.51.100.7"], "channels": ["198.51.100.7:5000"]}));
}

#[test]
fn a_full_page_says_where_the_next_one_begins_and_the_last_says_nothing() {
    let found = [survey(4), survey(6)];
    let full = json!(AllocationList::new(&found, 2));
    check_named("AllocationList", &full);
    assert_eq!(full["next"], "1-6-9");
    assert_eq!(json!(AllocationList::new(&found, 3))["next"], json!(null));
    assert_eq!(json!(AllocationList::new(&[], 3)), json!({"allocations": [], "next": null}));
}
