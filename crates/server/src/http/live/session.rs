//! WHIP and WHEP: a session is opened, its ICE looked after, and closed.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MATCH, LINK, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use data_encoding::HEXLOWER;
use live::StreamAddress;

use super::refusal::Refusal;
use super::route::{Form, Place};
use super::srs::dialect;
use super::visit::visit;
use super::{Request, has_type, text};
use crate::http::api::{bearer, query};
use crate::live::access::Deed;
use crate::live::clients::{Kind, Presence};
use crate::live::encoders::{Guest, Publication};
use crate::live::fragment::{Fragment, of_answer};
use crate::live::offer::Offer;
use crate::live::sessions::{Opening, Refused, Restart, SessionId};
use crate::live::shows::room_to_join;

/// Answers an offer.
pub(super) async fn open(
    request: &Request<'_>,
    deed: Deed,
    address: StreamAddress,
    form: Form,
    body: Body,
) -> Result<Response, Refusal> {
    let room = check(request, deed, &address)?;
    // The clients of SRS name any type, or none.
    if form == Form::Clean && !has_type(request.parts, SDP) {
        return Err(Refusal::MediaType(SDP));
    }
    if !accepts_sdp(&request.parts.headers) {
        return Err(Refusal::NotAcceptable(SDP));
    }
    let reached = dialect::reached(&address)?;
    let offer = Offer::parse(deed, text(body).await?)?;
    let (id, tag) = (SessionId(unguessable()?), tag()?);
    let client_ufrag = offer.ufrag().to_owned();
    let presence = admit(request, deed, &address).await?;
    let place = Place { name: address.name.clone(), id: id.clone() };
    let (name, client) = (address.name.clone(), request.client);
    let opening = Opening { id, name, deed, offer, client, tag: tag.clone(), presence };
    let mut answer = begin(request, &address, room, opening).await?;
    if let Some(reached) = reached {
        answer = dialect::with_candidate(&answer, reached);
    }
    let session = dialect::session_name(&answer, &client_ufrag);
    let answer = as_one_stream(&answer);
    let mut response = (StatusCode::CREATED, [(CONTENT_TYPE, SDP)], answer).into_response();
    let headers = response.headers_mut();
    for (name, value) in [(LOCATION, place.path(deed, form, &session)), (ETAG, tag)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    for link in links(request) {
        headers.append(LINK, link);
    }
    headers.insert("accept-patch", HeaderValue::from_static(FRAGMENT));
    Ok(response)
}

/// Candidates of the client, which are not needed, or new credentials of its end of ICE (RFC 9725 §4.3).
pub(super) async fn patch(request: &Request<'_>, place: Place, body: Body) -> Result<Response, Refusal> {
    if !has_type(request.parts, FRAGMENT) {
        return Err(Refusal::MediaType(FRAGMENT));
    }
    let Place { name, id } = place;
    let encoders = &request.site.stage.encoders;
    let in_room = encoders.tag(&id, &name);
    let (known, ufrag) = match &in_room {
        Some(known) => known.clone(),
        None => request.streams.tag(id.clone(), name.clone()).await.ok_or(Refusal::NoSession)?,
    };
    let wanted = request.parts.headers.get(IF_MATCH).ok_or(Refusal::PreconditionRequired)?;
    let wanted = wanted.to_str().unwrap_or_default();
    if wanted != "*" && !wanted.split(',').any(|tag| tag.trim() == known) {
        return Err(Refusal::PreconditionFailed);
    }
    let fragment = Fragment::parse(&text(body).await?);
    let fragment = fragment.ok_or_else(|| Refusal::BadBody("it has no a=ice-ufrag and a=ice-pwd".to_owned()))?;
    if fragment.ufrag == ufrag {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if wanted != "*" {
        // Candidates of an ICE session that we do not know.
        return Err(Refusal::PreconditionFailed);
    }
    let tag = tag()?;
    let Fragment { ufrag, pwd } = fragment;
    let restart = Restart { id, name, ufrag, pwd, tag: tag.clone() };
    let answer = match in_room {
        Some(_) => encoders.restart(restart).await?,
        None => request.streams.restart(restart).await?,
    };
    let mut response = (StatusCode::OK, [(CONTENT_TYPE, FRAGMENT)], of_answer(&answer)).into_response();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

/// The client goes.
pub(super) async fn close(request: &Request<'_>, place: Place) -> Result<Response, Refusal> {
    let closed = request.site.stage.encoders.close(&place.id, &place.name);
    let closed = closed || request.streams.close(place.id, place.name).await;
    if closed { Ok(StatusCode::OK.into_response()) } else { Err(Refusal::NoSession) }
}

/// Whether the settings or the token of the request let it in; and the room that it comes into, if it is an encoder of one.
pub(super) fn check(request: &Request<'_>, deed: Deed, address: &StreamAddress) -> Result<Option<String>, Refusal> {
    let (entrance, token) = (&request.streams.entrance, token(request, address));
    let room = room_to_join(&address.name).filter(|_| deed == Deed::Publish);
    match room {
        Some(room) => entrance.check_encoder(room, token.as_deref())?,
        None => entrance.check(deed, &address.name, token.as_deref())?,
    }
    Ok(room.map(str::to_owned))
}

/// Opens a session, of a member of the room if there is one: the SDP of the answer.
async fn begin(
    request: &Request<'_>,
    address: &StreamAddress,
    room: Option<String>,
    opening: Opening,
) -> Result<String, Refusal> {
    let Some(room) = room else { return Ok(request.streams.open(opening).await?) };
    let called = query(request.parts, "name").or_else(|| address.parameter("name").map(std::borrow::Cow::into_owned));
    let guest = Guest { room, called, token: token(request, address), address: request.address };
    let Opening { id, name, offer, tag, presence, .. } = opening;
    Ok(request.site.stage.encoders.open(guest, Publication { id, name, offer, tag, presence }).await?)
}

fn token(request: &Request<'_>, address: &StreamAddress) -> Option<String> {
    let token = bearer(request.parts).or_else(|| address.parameter("token").map(std::borrow::Cow::into_owned));
    token.or_else(|| query(request.parts, "token"))
}

/// Lets in whose token was looked at.
pub(super) async fn admit(request: &Request<'_>, deed: Deed, address: &StreamAddress) -> Result<Presence, Refusal> {
    let kind = if deed == Deed::Publish { Kind::RtcPublish } else { Kind::RtcPlay };
    let visit = visit(request.parts, request.arrival, request.address, kind, address);
    Ok(request.streams.entrance.admit(visit).await?)
}

/// Opens a session of which nobody needs to know where it is.
pub(super) async fn open_unnamed(
    request: &Request<'_>,
    deed: Deed,
    address: &StreamAddress,
    room: Option<String>,
    offer: Offer,
) -> Result<String, Refusal> {
    let presence = admit(request, deed, address).await?;
    let (id, name) = (SessionId(unguessable()?), address.name.clone());
    let opening = Opening { id, name, deed, offer, client: request.client, tag: String::new(), presence };
    Ok(as_one_stream(&begin(request, address, room, opening).await?))
}

/// Rooms have each slot in a stream of its own. Here sound and pictures belong together: players take the stream of either.
fn as_one_stream(answer: &str) -> String {
    let mut sdp = String::with_capacity(answer.len());
    for line in answer.lines() {
        match line.strip_prefix("a=msid:").and_then(|ids| ids.split_once(' ')) {
            Some((_, track)) => sdp.extend(["a=msid:stream ", track]),
            None => sdp.push_str(line),
        }
        sdp.push_str("\r\n");
    }
    sdp
}

/// The ICE servers of this server (RFC 9725 §4.6).
fn links(request: &Request<'_>) -> Vec<HeaderValue> {
    let servers = request.site.mint_ice_servers(&request.arrival.url_host(request.parts), None);
    let mut links = Vec::new();
    for server in servers.as_array().into_iter().flatten() {
        let text = |name: &str| server.get(name).and_then(serde_json::Value::as_str);
        let credentials = match (text("username"), text("credential")) {
            (Some(username), Some(credential)) => {
                format!("; username=\"{username}\"; credential=\"{credential}\"; credential-type=\"password\"")
            }
            _ => String::new(),
        };
        let urls = server.get("urls").and_then(serde_json::Value::as_array);
        for url in urls.into_iter().flatten().filter_map(serde_json::Value::as_str) {
            links.extend(HeaderValue::try_from(format!("<{url}>; rel=\"ice-server\"{credentials}")));
        }
    }
    links
}

/// RFC 9110 §12.5.1, without weights: whoever names the type or a range with it takes it.
fn accepts_sdp(headers: &HeaderMap) -> bool {
    let values: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut ranges = values.iter().flat_map(|value| value.split(',')).filter_map(|range| range.split(';').next());
    values.is_empty()
        || ranges
            .any(|range| ["*/*", "application/*", SDP].iter().any(|known| range.trim().eq_ignore_ascii_case(known)))
}

/// The tag of an ICE session.
fn tag() -> Result<String, Refusal> {
    unguessable().map(|tag| format!("\"{tag}\""))
}

/// A name that nobody finds by trying.
fn unguessable() -> Result<String, Refusal> {
    let mut bytes = [0; super::route::SESSION_ID_CHARS / 2];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::Refused(Refused::Unavailable))?;
    Ok(HEXLOWER.encode(&bytes))
}

/// RFC 8866 §8.1.
pub(super) const SDP: &str = "application/sdp";
/// RFC 8840 §9.
pub(super) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
