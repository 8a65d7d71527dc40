use super::*;

fn reach(seen: &[&str], addresses: &[&str], mapped: bool, tcp: &[&str]) -> Reach {
    let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
    Reach { seen: listen(seen), addresses, mapped, tcp_listen: listen(tcp) }
}

fn listen(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn written(candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(|candidate| format!("{:?} {}", candidate.transport, candidate.address)).collect()
}

fn candidates(addresses: &[&str], mapped: bool, udp: &[&str], tcp: &[&str]) -> Vec<String> {
    written(&reach(&[], addresses, mapped, tcp).candidates(&listen(udp)))
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
fn what_others_see_stands_before_the_addresses_of_the_machine() {
    let reach = reach(&["198.51.100.7:40001"], &["10.0.0.9", "2001:db8::7"], false, &["[::]:443"]);
    let expected = [
        "Udp 198.51.100.7:40001",
        "Udp 10.0.0.9:3478",
        "Udp [2001:db8::7]:3478",
        "Tcp 198.51.100.7:443",
        "Tcp 10.0.0.9:443",
        "Tcp [2001:db8::7]:443",
    ];
    assert_eq!(written(&reach.candidates(&listen(&["0.0.0.0:3478", "[::]:3478"]))), expected);
}

#[test]
fn what_others_see_adds_to_a_listener_on_one_address_but_not_to_one_on_loopback() {
    let reach = reach(&["198.51.100.7:3478"], &["10.0.0.9"], false, &["127.0.0.1:443", "10.0.0.9:443"]);
    let expected =
        ["Udp 198.51.100.7:3478", "Udp 10.0.0.9:3478", "Tcp 198.51.100.7:443", "Tcp 127.0.0.1:443", "Tcp 10.0.0.9:443"];
    assert_eq!(written(&reach.candidates(&listen(&["10.0.0.9:3478"]))), expected);
}

#[test]
fn a_machine_that_is_seen_under_its_own_address_tells_it_once() {
    let reach = reach(&["192.0.2.7:3478"], &["192.0.2.7"], false, &[]);
    assert_eq!(written(&reach.candidates(&listen(&["0.0.0.0:3478"]))), ["Udp 192.0.2.7:3478"]);
}

#[test]
fn relays_reach_the_media_server_under_no_address_that_a_stun_server_has_said() {
    let reach = reach(&["198.51.100.7:22"], &["10.0.0.9"], false, &[]);
    assert_eq!(reach.services(&listen(&["0.0.0.0:3478"])), listen(&["10.0.0.9:3478"]));
}
