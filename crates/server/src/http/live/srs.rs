//! The JSON of SRS: `/rtc/v1/publish/` and `/rtc/v1/play/`. Its clients look at `code`, and find 200 as the status whatever happened.

pub(super) mod dialect;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use live::StreamAddress;
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use super::session::{check, open_unnamed};
use super::{Request, text};
use crate::live::access::Deed;
use crate::live::offer::Offer;

/// What counts of the body. Clients write more.
#[derive(Deserialize)]
struct Asked {
    sdp: String,
    streamurl: String,
}

/// Answers an offer.
pub(super) async fn answer(request: &Request<'_>, deed: Deed, body: Body) -> Response {
    match opened(request, deed, body).await {
        Ok((sdp, session)) => Json(json!({
            "code": 0,
            "server": request.site.identity.server,
            "service": request.site.identity.service,
            "pid": std::process::id().to_string(),
            "sdp": sdp,
            "sessionid": session,
        }))
        .into_response(),
        Err(refusal) => {
            tracing::info!(client = ?request.client, "a stream is refused: {refusal}");
            Json(json!({ "code": FAILED })).into_response()
        }
    }
}

/// The answer and the name of the session.
async fn opened(request: &Request<'_>, deed: Deed, body: Body) -> Result<(String, String), Refusal> {
    let asked: Asked = serde_json::from_str(&text(body).await?).map_err(|error| Refusal::BadBody(error.to_string()))?;
    let mut address = address(&asked.streamurl, request.parts.uri.query().unwrap_or_default())?;
    let room = check(request, deed, &address)?;
    if deed == Deed::Publish {
        // By which programs tell a publisher by WebRTC.
        address.query.push_str(if address.query.is_empty() { UPSTREAM } else { AND_UPSTREAM });
    }
    let reached = dialect::reached(&address)?;
    // Whether it is an offer at all is said of what the client wrote.
    let offer = Offer::parse(deed, asked.sdp)?;
    let on_air = match deed {
        Deed::Play => request.streams.video_codec(address.name.clone()).await,
        Deed::Publish => None,
    };
    let wanted = |name: &str| address.parameter(name).and_then(|codec| dialect::codec_name(&codec));
    let codecs = dialect::Codecs { video: wanted("codec").or(wanted("vcodec")).or(on_air), audio: wanted("acodec") };
    let narrow = Offer::parse(deed, dialect::narrow(offer.sdp(), codecs))?;
    let client_ufrag = narrow.ufrag().to_owned();
    let mut sdp = open_unnamed(request, deed, &address, room, narrow).await?;
    let session = dialect::session_name(&sdp, &client_ufrag);
    if let Some(reached) = reached {
        sdp = dialect::with_candidate(&sdp, reached);
    }
    Ok((dialect::dress(&sdp, deed, &address.name), session))
}

/// `webrtc://host/app/stream?parameters`, to whose parameters come those of the request.
fn address(url: &str, query: &str) -> Result<StreamAddress, Refusal> {
    let (_, rest) = url.split_once("://").ok_or_else(|| Refusal::BadBody("streamurl is no URL".to_owned()))?;
    let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or_default();
    let between = match (path.contains('?'), query.is_empty()) {
        (_, true) => "",
        (true, false) => "&",
        (false, false) => "?",
    };
    Ok(StreamAddress::parse(&format!("{path}{between}{query}"))?)
}

const UPSTREAM: &str = "upstream=rtc";
const AND_UPSTREAM: &str = "&upstream=rtc";
/// What SRS says of everything that it does not do.
const FAILED: u16 = 400;

#[cfg(test)]
mod tests;
