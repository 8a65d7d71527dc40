//! Claims about webhooks.

use super::sign_at;
use crate::config::{Secret, WebhookUrl};

#[test]
fn a_signature_is_that_of_any_other_hmac() {
    // printf '1790000000.{}' | openssl dgst -sha256 -hmac 'key'
    let signature = sign_at(&Secret::new("key".to_owned()), 1_790_000_000, b"{}");
    assert_eq!(signature, "t=1790000000,v1=099d33989336226b12c85da813adf6100e1bbab1e91bede9a41ddeb7882d66b8");
}

#[test]
fn urls_are_http_or_https_with_a_host() {
    for (text, host, port, target, tls) in [
        ("https://example.org/hook?a=b", "example.org", 443, "/hook?a=b", true),
        ("http://example.org:8080", "example.org", 8080, "/", false),
        ("http://[2001:db8::1]/x", "[2001:db8::1]", 80, "/x", false),
    ] {
        let url = WebhookUrl::parse(text).unwrap();
        assert_eq!((url.host(), url.port(), url.target(), url.is_tls()), (host, port, target, tls));
        assert!(!format!("{url:?}").contains(target) || target == "/", "what may be secret is not shown");
    }
    assert_eq!(WebhookUrl::parse("http://[::1]:9/").unwrap().bare_host(), "::1");
    for text in
        ["", "/hook", "ftp://example.org/", "example.org", "https://", "https://a:b@example.org/", "http://e.org/#x"]
    {
        assert_eq!(WebhookUrl::parse(text), None, "{text}");
    }
}
