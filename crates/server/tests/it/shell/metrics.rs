//! What Prometheus reads, and what is made of it.

use std::collections::BTreeSet;

use crate::fixture::{figures, get, serve_for_test};

const DASHBOARD: &str = include_str!("../../../../../docs/grafana/parlor.json");
const ALERTS: &str = include_str!("../../../../../docs/grafana/alerts.yml");

/// The names of figures that stand in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    words.filter(|word| word.starts_with("parlor_") || word.starts_with("process_")).collect()
}

#[tokio::test]
async fn dashboard_and_alerts_ask_for_figures_that_the_server_has() {
    let server = serve_for_test(&[]);
    let answer = get(server.addresses().metrics[0], "/metrics", &[]).await;
    let text = String::from_utf8(answer.body).unwrap();
    let exported: BTreeSet<&str> =
        text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(['{', ' ']).take(1)).collect();
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let asked = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let asked: Vec<&str> = asked.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(asked.len() > 30, "{asked:?}");
    for source in asked.into_iter().chain([ALERTS]) {
        for name in names(source) {
            assert!(exported.contains(name), "{name} of {source} is not in {text}");
        }
    }
    for family in exported.iter().filter(|name| name.starts_with("parlor_turn_")) {
        assert!(DASHBOARD.contains(family), "{family} is on no panel");
    }
}

#[tokio::test]
async fn labels_of_alerts_have_values_that_the_server_has() {
    let server = serve_for_test(&[]);
    let figure = figures(&server).await;
    for sample in [
        "parlor_dropped_datagrams_total{cause=\"network_refused\"}",
        "parlor_turn_limits_reached_total{limit=\"allocations\"}",
        "parlor_turn_limits_reached_total{limit=\"relay_ports\"}",
        "parlor_turn_errors_total{code=\"401\"}",
        "parlor_live_frozen_seconds_total{cause=\"skipped\"}",
        "parlor_live_clients{protocol=\"webrtc\",role=\"viewer\"}",
    ] {
        assert!(figure(sample) < f64::EPSILON, "{sample} of a server that has done nothing");
    }
}

#[tokio::test]
async fn without_a_word_about_it_the_figures_are_for_this_machine_alone() {
    let server = serve_for_test(&["metrics.listen=auto"]);
    // Another program may have the port; then there are no figures, and the server serves all the same.
    assert!(server.addresses().metrics.iter().all(|address| address.ip().is_loopback()));
    assert_eq!(get(server.http(), "/metrics", &[]).await.status, 404, "never on the port of the pages");
}
