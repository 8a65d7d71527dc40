use super::*;

fn candidates(addresses: &[&str], mapped: bool, udp: &[&str], tcp: &[&str]) -> Vec<String> {
    let listen = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
    let settings = MediaSettings {
        addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        mapped,
        tcp_listen: listen(tcp),
        events: tokio::sync::mpsc::channel(1).0.into(),
    };
    let candidates = settings.candidates(&listen(udp));
    candidates.iter().map(|candidate| format!("{:?} {}", candidate.transport, candidate.address)).collect()
}

#[test]
fn listeners_on_all_addresses_are_reached_by_each_of_them() {
    let expected = ["Udp 192.0.2.7:3478", "Udp [2001:db8::7]:3478", "Tcp 192.0.2.7:443", "Tcp [2001:db8::7]:443"];
    let found = candidates(&["192.0.2.7", "2001:db8::7"], false, &["0.0.0.0:3478", "[::]:3478"], &["[::]:443"]);
    assert_eq!(found, expected);
}

#[test]
fn a_listener_on_one_address_is_reached_by_that_one() {
    assert_eq!(candidates(&["192.0.2.7"], false, &["192.0.2.9:3478"], &[]), ["Udp 192.0.2.9:3478"]);
    assert_eq!(candidates(&["192.0.2.7"], true, &["10.0.0.9:3478"], &[]), ["Udp 192.0.2.7:3478"], "behind a router");
    assert_eq!(candidates(&["192.0.2.7"], true, &["127.0.0.1:3478"], &[]), ["Udp 127.0.0.1:3478"]);
}

#[test]
fn a_port_for_two_purposes_is_one_candidate() {
    let found = candidates(&["192.0.2.7"], false, &[], &["0.0.0.0:443", "192.0.2.7:443"]);
    assert_eq!(found, ["Tcp 192.0.2.7:443"]);
}

#[test]
fn a_machine_of_many_addresses_tells_the_first() {
    let many: Vec<String> = (0..CANDIDATES_MAX + 1).map(|last| format!("192.0.2.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let found = candidates(&many, false, &["0.0.0.0:1"], &["0.0.0.0:2"]);
    assert_eq!(found.len(), 2 * CANDIDATES_MAX);
}

#[test]
fn each_start_has_a_certificate_of_its_own() {
    let [one, two] = [certificate().unwrap(), certificate().unwrap()];
    assert_ne!(one.fingerprint(), two.fingerprint());
}
