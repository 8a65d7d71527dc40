//! Who comes to a stream over HTTP, as the list of clients has it.

use std::net::IpAddr;

use axum::http::header::REFERER;
use axum::http::request::Parts;
use live::StreamAddress;

use crate::http::arrival::Arrival;
use crate::live::clients::{Kind, Visit};

/// A visit to the stream of that address.
pub(super) fn visit(parts: &Parts, arrival: Arrival, client: IpAddr, kind: Kind, address: &StreamAddress) -> Visit {
    let host = arrival.url_host(parts);
    // The page without what it was opened with: tokens stand there.
    let page = parts.headers.get(REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Visit {
        name: address.name.clone(),
        kind,
        address: client,
        query: address.query.clone(),
        tc_url: format!("http://{host}/{}", address.name.app()),
        page_url: page.split(['?', '#']).next().unwrap_or_default().to_owned(),
    }
}
