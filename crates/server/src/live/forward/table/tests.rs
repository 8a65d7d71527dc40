use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use live::StreamName;
use live::rtmp::Url;

use super::super::TargetRefusal;
use super::super::target::{Source, TargetId};
use super::{KEPT_OFF_AIR, STREAM_TARGETS_MAX, Start, Table};
use crate::clock;
use crate::config::Limit;

const SECOND: Duration = Duration::from_secs(1);
const MANY: Limit = Limit(1000);

fn name(stream: &str) -> StreamName {
    StreamName::new("live", stream).unwrap()
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// What is on air: one stream, since then.
fn on_air(stream: &str, since: Instant) -> BTreeMap<StreamName, Instant> {
    BTreeMap::from([(name(stream), since)])
}

/// Whether whoever decides about the course has ended it.
fn is_stopped(start: &Start) -> bool {
    start.stop.0.has_changed().is_err()
}

#[test]
fn a_stream_may_have_so_many_requested_targets_and_no_more() {
    let (mut table, now) = (Table::default(), clock::now());
    for index in 0..STREAM_TARGETS_MAX {
        table.request(now, &name("s"), url(&format!("rtmp://h/a/{index}")), MANY).unwrap();
    }
    let refused = table.request(now, &name("s"), url("rtmp://h/a/x"), MANY).unwrap_err();
    assert_eq!(refused, TargetRefusal::StreamFull(STREAM_TARGETS_MAX));
    assert!(table.request(now, &name("other"), url("rtmp://h/a/x"), MANY).is_ok());
}

#[test]
fn a_server_may_have_so_many_requested_targets_and_no_more() {
    let (mut table, now) = (Table::default(), clock::now());
    for stream in ["a", "b"] {
        table.request(now, &name(stream), url("rtmp://h"), Limit(2)).unwrap();
    }
    assert_eq!(table.request(now, &name("c"), url("rtmp://h"), Limit(2)).unwrap_err(), TargetRefusal::Full(2));
    table.remove(&name("a"), TargetId(1)).unwrap();
    assert!(table.request(now, &name("c"), url("rtmp://h"), Limit(2)).is_ok());
}

#[test]
fn a_stream_goes_to_a_place_once_whoever_names_it() {
    let (mut table, now) = (Table::default(), clock::now());
    table.look(now, &on_air("s", now), |_| true);
    table.direct(now, &name("s"), vec![url("rtmp://h"), url("rtmp://h/live/s")], Source::Settings);
    table.direct(now, &name("s"), vec![url("rtmp://h:1935/live")], Source::Hook);
    assert_eq!(table.targets(&name("s")).len(), 1);
    assert_eq!(table.request(now, &name("s"), url("rtmp://h/"), MANY).unwrap_err(), TargetRefusal::Duplicate);
}

#[test]
fn courses_run_while_the_stream_is_on_air_and_begin_anew_with_each_publisher() {
    let (mut table, first) = (Table::default(), clock::now());
    table.request(first, &name("s"), url("rtmp://h"), MANY).unwrap();
    assert!(table.starts().is_empty(), "nobody publishes");
    assert_eq!(table.look(first, &on_air("s", first), |_| false).len(), 1);
    let begun = table.starts();
    assert_eq!(begun.len(), 1);
    assert!(table.look(first, &on_air("s", first), |_| false).is_empty() && table.starts().is_empty());
    assert!(!is_stopped(&begun[0]));

    let second = first + SECOND;
    assert_eq!(table.look(second, &on_air("s", second), |_| false).len(), 1);
    assert!(is_stopped(&begun[0]));
    assert_eq!(table.starts().len(), 1);
}

#[test]
fn the_operators_targets_go_with_the_publisher_and_requested_ones_after_an_hour() {
    let (mut table, now) = (Table::default(), clock::now());
    table.look(now, &on_air("s", now), |_| true);
    table.direct(now, &name("s"), vec![url("rtmp://settings")], Source::Settings);
    table.request(now, &name("s"), url("rtmp://request"), MANY).unwrap();
    assert_eq!(table.targets(&name("s")).len(), 2);

    let left = now + SECOND;
    table.look(left, &BTreeMap::new(), |_| true);
    let kept = table.targets(&name("s"));
    assert_eq!(kept.iter().map(|target| target.source).collect::<Vec<_>>(), [Source::Request]);
    table.look(left + KEPT_OFF_AIR - SECOND, &BTreeMap::new(), |_| true);
    assert_eq!(table.targets(&name("s")).len(), 1);
    table.look(left + KEPT_OFF_AIR, &BTreeMap::new(), |_| true);
    assert!(table.targets(&name("s")).is_empty());
}

#[test]
fn a_target_is_removed_by_its_stream_and_number_and_only_if_it_was_requested() {
    let (mut table, now) = (Table::default(), clock::now());
    table.look(now, &on_air("s", now), |_| true);
    table.direct(now, &name("s"), vec![url("rtmp://settings")], Source::Settings);
    let requested = table.request(now, &name("s"), url("rtmp://request"), MANY).unwrap().id;
    let begun = table.starts();
    assert_eq!(table.remove(&name("s"), TargetId(1)), Err(TargetRefusal::OfOperator));
    assert_eq!(table.remove(&name("other"), requested), Err(TargetRefusal::NoTarget));
    assert_eq!(table.remove(&name("s"), TargetId(99)), Err(TargetRefusal::NoTarget));
    assert_eq!(table.remove(&name("s"), requested), Ok(()));
    let of_requested = begun.iter().find(|start| start.target.id == requested).unwrap();
    assert!(is_stopped(of_requested));
}

#[test]
fn what_a_program_says_too_late_counts_for_no_other_publisher() {
    let (mut table, first) = (Table::default(), clock::now());
    table.look(first, &on_air("s", first), |_| true);
    let second = first + SECOND;
    table.look(second, &on_air("s", second), |_| true);
    table.direct(first, &name("s"), vec![url("rtmp://h")], Source::Hook);
    assert!(table.targets(&name("s")).is_empty());
}
