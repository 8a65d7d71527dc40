//! One POST to one receiver, and to no private address.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::request::Builder;
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::address::may_reach;
use crate::config::{Networks, WebhookUrl};
use crate::trust::{self, Authority, AuthorityError};

/// Posts events. Clones share what they know.
#[derive(Clone)]
pub(crate) struct Client {
    /// Addresses that are allowed although they are special.
    allowed: Networks,
    /// Whether an address that stands in the URL itself is allowed whatever it is.
    believes_addresses: bool,
    tls: TlsConnector,
}

/// Why an event was not taken.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It may be later.
    Passing(String),
    /// It will not be.
    Lasting(String),
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Client {
    /// `authority` is a file of certificates (PEM) that are believed instead of this system's.
    ///
    /// # Errors
    /// When the file has no certificate that can be read.
    pub(crate) fn new(allowed: Networks, authority: Option<&Path>) -> Result<Self, AuthorityError> {
        let authority = authority.map(|path| Authority { setting: "webhooks.ca", path });
        Ok(Self { allowed, believes_addresses: false, tls: trust::connector(authority)? })
    }

    /// The same, for URLs that often name a program beside this one: an address that stands in the URL, or `localhost`, is what the operator wrote and
    /// nobody else decides.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn of_named_addresses(allowed: Networks, authority: Option<&Path>) -> Result<Self, AuthorityError> {
        Ok(Self { believes_addresses: true, ..Self::new(allowed, authority)? })
    }

    /// Posts one event. Redirections are not followed.
    pub(super) async fn post(
        &self,
        url: &WebhookUrl,
        id: &str,
        signature: Option<String>,
        body: Bytes,
    ) -> Result<(), Failure> {
        let mut request = head(url).header("parlor-event", id);
        if let Some(signature) = signature {
            request = request.header("parlor-signature", signature);
        }
        // The status is all that counts; the rest of the answer goes with the connection.
        self.exchange(url, request, body, 0).await.map(drop)
    }

    /// Posts a question; the answer, of which no more is read than a program has to say.
    pub(crate) async fn ask(&self, url: &WebhookUrl, body: Bytes) -> Result<Bytes, Failure> {
        self.exchange(url, head(url), body, ANSWER_BYTES_MAX).await
    }

    /// Reads so much of the answer, and nothing of a longer one.
    async fn exchange(
        &self,
        url: &WebhookUrl,
        request: Builder,
        body: Bytes,
        bytes_max: usize,
    ) -> Result<Bytes, Failure> {
        let stream = self.connect(url).await?;
        let request = request.body(Body::from(body)).map_err(|error| Failure::Lasting(error.to_string()))?;
        let (status, body) = if url.is_tls() {
            let name = ServerName::try_from(url.bare_host().to_owned())
                .map_err(|_| Failure::Lasting("its host is no name for a certificate".to_owned()))?;
            let stream = self.tls.connect(name, stream).await.map_err(passing)?;
            send(stream, request, bytes_max).await?
        } else {
            send(stream, request, bytes_max).await?
        };
        judge(status).map(|()| body)
    }

    /// A connection to an address that was looked at: a name that means another one a moment later changes nothing.
    async fn connect(&self, url: &WebhookUrl) -> Result<TcpStream, Failure> {
        let found: Vec<SocketAddr> = lookup_host((url.bare_host(), url.port())).await.map_err(passing)?.collect();
        let fit: Vec<SocketAddr> = found
            .iter()
            .copied()
            .filter(|address| self.is_believed(url) || may_reach(&self.allowed, address.ip()))
            .collect();
        if fit.is_empty() {
            let reason = "its addresses are private; webhooks.allow_networks can allow them";
            return Err(Failure::Lasting(reason.to_owned()));
        }
        let mut last = None;
        for address in fit {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(Failure::Passing(last.map_or_else(String::new, |error| error.to_string())))
    }

    fn is_believed(&self, url: &WebhookUrl) -> bool {
        let host = url.bare_host();
        self.believes_addresses && (host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok())
    }
}

fn head(url: &WebhookUrl) -> Builder {
    Request::post(url.target())
        .header(HOST, format!("{}:{}", url.host(), url.port()))
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Parlor/", env!("CARGO_PKG_VERSION")))
}

/// The status and the body of the answer.
async fn send<S>(stream: S, request: Request<Body>, bytes_max: usize) -> Result<(StatusCode, Bytes), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(passing)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(passing)?;
        let status = response.status();
        let body = match bytes_max {
            0 => Bytes::new(),
            // What is too long to be an answer is none; the status counts all the same.
            _ => to_bytes(Body::new(response.into_body()), bytes_max).await.unwrap_or_default(),
        };
        Ok((status, body))
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        status = &mut exchange => status,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(passing(error)),
        },
    }
}

fn judge(status: StatusCode) -> Result<(), Failure> {
    let reason = format!("it answers {}", status.as_u16());
    if status.is_success() {
        Ok(())
    } else if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        Err(Failure::Passing(reason))
    } else {
        Err(Failure::Lasting(reason))
    }
}

fn passing(error: impl fmt::Display) -> Failure {
    Failure::Passing(error.to_string())
}

/// Of an answer, what is read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests;
