//! `/rtc/v1/nack/?username=&drop=`: a test of retransmission, as SRS has it. Whoever knows the name of a session may spoil it, so a setting has to allow it.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::Request;
use super::refusal::Refusal;
use crate::http::api::query;
use crate::http::srs::envelope;

/// Has so many of the next packets for a viewer be lost.
pub(super) async fn answer(request: &Request<'_>) -> Result<Response, Refusal> {
    if !request.site.config.live_nack_test {
        return Err(Refusal::NoNackTest);
    }
    let name = query(request.parts, "username").ok_or(Refusal::BadQuery("username"))?;
    let packets = query(request.parts, "drop").and_then(|drop| drop.parse().ok());
    let packets = packets.filter(|packets| *packets <= PACKETS_MAX).ok_or(Refusal::BadQuery("drop"))?;
    if !request.streams.lose(name.clone(), packets).await {
        return Err(Refusal::NoSession);
    }
    let told = json!({ "username": name, "drop": packets });
    Ok(Json(envelope(&request.site.identity, "query", told)).into_response())
}

/// Some seconds of a stream.
const PACKETS_MAX: u32 = 1000;
