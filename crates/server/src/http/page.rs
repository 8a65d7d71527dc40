//! The web client's files.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use web_assets::Asset;

/// The page for every URL a person can open.
pub(crate) fn page(headers: &HeaderMap, status: StatusCode) -> Option<Response> {
    web_assets::find("/index.html").map(|asset| respond(asset, headers, status))
}

/// The file of that path, but not the page itself: it belongs to the page URLs.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    web_assets::find(path)
        .filter(|asset| asset.path != "/index.html")
        .map(|asset| respond(asset, headers, StatusCode::OK))
}

fn respond(asset: &'static Asset, request: &HeaderMap, status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    // Names under /assets change with their content (RFC 8246); everything else is asked for again each time, by its tag.
    let keep = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    let (encoding, content) = negotiate(asset, request);
    let tag = tag(asset, encoding);
    if status == StatusCode::OK && is_known(request, &tag) {
        headers.insert(ETAG, tag);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(ETAG, tag);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(content.len()));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    *response.status_mut() = status;
    *response.body_mut() = Body::from(content);
    response
}

/// The smallest form the client takes (RFC 9110 §12.5.3).
fn negotiate(asset: &'static Asset, request: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    let forms = [("br", asset.br), ("gzip", asset.gzip)];
    let best =
        forms.into_iter().find_map(|(name, form)| form.filter(|_| accepts(request, name)).map(|form| (name, form)));
    best.map_or((None, asset.identity), |(name, form)| (Some(name), form))
}

/// Whether the coding is named with a weight that is not zero. `*` is not taken at its word: browsers name what they take.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let values = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

/// Each form is a representation of its own and has its own tag (RFC 9110 §8.8.3.3).
fn tag(asset: &'static Asset, encoding: Option<&str>) -> HeaderValue {
    let plain = HeaderValue::from_static(asset.etag);
    let Some(encoding) = encoding else { return plain };
    let with_encoding = format!("{}-{encoding}\"", asset.etag.trim_end_matches('"'));
    HeaderValue::try_from(with_encoding).unwrap_or(plain)
}

fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|known| known == "*" || known.as_bytes() == tag.as_bytes())
}

/// Headers of every answer: what a page of this server may do, and that nobody else's page may do it in its name. `frame_ancestors` are those that may
/// show it in a frame, as a Content-Security-Policy has them.
pub(crate) fn harden(headers: &mut HeaderMap, authority: Option<&str>, frame_ancestors: &str) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Not every browser counts a WebSocket to the same host as 'self', so it is named.
    let sockets = authority.map(|authority| format!(" ws://{authority} wss://{authority}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob: mediastream:; \
         connect-src 'self'{sockets}; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}"
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self), \
                           fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), clipboard-write=(self), \
                           geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()";

#[cfg(test)]
mod tests;
