use super::*;

fn read(text: &str) -> Option<String> {
    StunServer::parse(text).map(|server| server.to_string())
}

#[test]
fn a_server_is_a_name_or_an_address_with_a_port_or_without() {
    assert_eq!(read("stun.example.org").as_deref(), Some("stun.example.org:3478"));
    assert_eq!(read("stun:192.0.2.7:19302").as_deref(), Some("192.0.2.7:19302"));
    assert_eq!(read("[2001:db8::7]").as_deref(), Some("[2001:db8::7]:3478"));
    assert_eq!(read("[2001:db8::7]:53").as_deref(), Some("[2001:db8::7]:53"));
}

#[test]
fn what_leads_nowhere_is_refused() {
    for text in
        ["", "https://example.org", "a b", "host:0", "host:70000", "[::1", "[host]:1", "2001:db8::7", "[::1]3478"]
    {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn no_more_servers_are_taken_than_are_asked() {
    let list = |count| Toml::Array(vec![Toml::String("stun.example.org".to_owned()); count]);
    assert!(StunServers::from_toml(&list(turn::Inquiry::SERVERS_MAX)).is_ok());
    assert!(StunServers::from_toml(&list(turn::Inquiry::SERVERS_MAX + 1)).is_err());
}
