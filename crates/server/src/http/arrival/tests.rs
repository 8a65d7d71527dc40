use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};

use super::Arrival;
use crate::config::Networks;

fn client(remote: &str, forwarded: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for value in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_str(value).unwrap());
    }
    let trusted = Networks(vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()]);
    let remote: IpAddr = remote.parse().unwrap();
    let arrival = Arrival { local: "127.0.0.1:80".parse().unwrap(), remote: (remote, 5).into() };
    arrival.client(&headers, &trusted).to_string()
}

#[test]
fn client_is_the_other_end_unless_a_trusted_proxy_says_otherwise() {
    assert_eq!(client("192.0.2.1", &[]), "192.0.2.1");
    assert_eq!(client("192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
    assert_eq!(client("127.0.0.1", &["198.51.100.9"]), "198.51.100.9");
    assert_eq!(client("::ffff:127.0.0.1", &["198.51.100.9"]), "198.51.100.9");
}

#[test]
fn what_a_client_wrote_before_the_proxies_is_not_believed() {
    assert_eq!(client("127.0.0.1", &["1.1.1.1, 198.51.100.9"]), "198.51.100.9");
    assert_eq!(client("127.0.0.1", &["1.1.1.1, 198.51.100.9, 10.0.0.3"]), "198.51.100.9");
    assert_eq!(client("127.0.0.1", &["1.1.1.1", "198.51.100.9, 10.0.0.3"]), "198.51.100.9");
    assert_eq!(client("127.0.0.1", &["1.1.1.1, nonsense"]), "127.0.0.1");
}
