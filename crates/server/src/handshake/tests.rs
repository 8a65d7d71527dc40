use axum::http::Request;

use super::*;

fn request(change: impl FnOnce(&mut Parts)) -> Parts {
    let (mut parts, ()) = Request::builder()
        .header(CONNECTION, "keep-alive, Upgrade")
        .header(UPGRADE, "WebSocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
        .body(())
        .unwrap()
        .into_parts();
    change(&mut parts);
    parts
}

fn refused(change: impl FnOnce(&mut Parts)) -> HandshakeError {
    Handshake::of(&mut request(change)).unwrap_err()
}

#[test]
fn the_answer_to_the_key_of_the_rfc_is_that_of_the_rfc() {
    // RFC 6455 §1.3.
    assert_eq!(accept(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn every_header_that_is_missing_or_wrong_has_an_error_of_its_own() {
    assert_eq!(refused(|parts| parts.method = Method::POST), HandshakeError::Method);
    assert_eq!(refused(|parts| drop(parts.headers.remove(CONNECTION))), HandshakeError::Connection);
    assert_eq!(refused(|parts| drop(parts.headers.remove(UPGRADE))), HandshakeError::Upgrade);
    let version = |parts: &mut Parts| drop(parts.headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("8")));
    assert_eq!(refused(version), HandshakeError::Version);
    assert_eq!(refused(|parts| drop(parts.headers.remove(SEC_WEBSOCKET_KEY))), HandshakeError::Key);
    let short = |parts: &mut Parts| drop(parts.headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::from_static("c2hvcnQ=")));
    assert_eq!(refused(short), HandshakeError::Key);
    assert_eq!(refused(|_| ()), HandshakeError::NotUpgradable, "nobody serves this request");
}
