//! A session of WHIP or WHEP (RFC 9725): opened with an offer, ended by its path.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::address::HttpAddress;
use crate::dial::{Stream, dial};
use crate::{Error, Trust};

/// Where offers go, and by what right.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL.
    pub address: HttpAddress,
    /// Which certificates are good enough.
    pub trust: Trust,
    /// For servers that want one.
    pub token: Option<String>,
}

/// An open session.
#[derive(Debug)]
pub(crate) struct HttpSession {
    endpoint: Endpoint,
    /// Path and query.
    target: Option<String>,
}

/// A connection to the endpoint that has not asked yet.
pub(crate) struct Visit {
    endpoint: Endpoint,
    stream: Box<dyn Stream>,
    /// The address of this machine by which the server is reached.
    pub(crate) local: IpAddr,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Endpoint {
    /// Connects.
    ///
    /// # Errors
    /// When there is nobody, or TLS fails.
    pub(crate) async fn visit(&self) -> Result<Visit, Error> {
        let HttpAddress { tls, host, port, .. } = &self.address;
        let dialled = tokio::time::timeout(PATIENCE, dial(*tls, host, *port, self.trust)).await;
        let (stream, local) = dialled.map_err(|_| Error::Timeout("the connection"))??;
        Ok(Visit { endpoint: self.clone(), stream, local })
    }

    /// Sends one request without a body; what is answered.
    ///
    /// # Errors
    /// When nobody answers, or with what the server says against it.
    pub async fn request(&self, method: &str) -> Result<String, Error> {
        let visit = self.visit().await?;
        let answer = ask(visit.stream, self, method, &self.address.target, "").await?;
        if (200..300).contains(&answer.status) { Ok(answer.body) } else { Err(answer.refusal()) }
    }
}

impl Visit {
    /// Offers; the SDP of the answer.
    ///
    /// # Errors
    /// When the server refuses, with what it says, or is not understood.
    pub(crate) async fn offer(self, sdp: &str) -> Result<(HttpSession, String), Error> {
        let Self { endpoint, stream, .. } = self;
        let target = endpoint.address.target.clone();
        let answer = ask(stream, &endpoint, "POST", &target, sdp).await?;
        // Some servers say 200.
        if !matches!(answer.status, 200 | 201) {
            return Err(answer.refusal());
        }
        let target = answer.location.map(|location| resolve(&target, &location));
        Ok((HttpSession { endpoint, target }, answer.body))
    }
}

impl HttpSession {
    /// Ends it. A server that is gone needs no goodbye.
    pub(crate) async fn end(self) {
        let Some(target) = &self.target else { return };
        if let Ok(visit) = self.endpoint.visit().await {
            let _ = ask(visit.stream, &self.endpoint, "DELETE", target, "").await;
        }
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = lines.filter_map(|line| line.split_once(':'));
        let location = headers.find(|(name, _)| name.eq_ignore_ascii_case("location"));
        Some(Self { status, location: location.map(|(_, value)| value.trim().to_owned()), body: body.to_owned() })
    }

    /// In the server's words, where it has some.
    fn refusal(self) -> Error {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let detail = problem.get("detail").and_then(Value::as_str);
        let message = detail.unwrap_or("the session is refused").to_owned();
        Error::Refused { code: self.status.into(), message }
    }
}

/// One request. In HTTP/1.0 the answer is whole and ends with the connection.
async fn ask(
    mut stream: Box<dyn Stream>,
    endpoint: &Endpoint,
    method: &str,
    target: &str,
    body: &str,
) -> Result<Answer, Error> {
    let mut head = format!("{method} {target} HTTP/1.0\r\nHost: {}\r\n", endpoint.address.authority());
    if !body.is_empty() {
        head.push_str(&format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", body.len()));
    }
    if let Some(token) = &endpoint.token {
        head.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    let exchanged = async {
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).await?;
        let mut bytes = Vec::new();
        let read = (&mut stream).take(ANSWER_BYTES_MAX).read_to_end(&mut bytes).await;
        // Not everybody says goodbye in TLS.
        if bytes.is_empty() { read.map(|_| bytes) } else { Ok(bytes) }
    };
    let exchanged = tokio::time::timeout(PATIENCE, exchanged).await.map_err(|_| Error::Timeout("the answer"))?;
    let bytes = exchanged.map_err(Error::Socket)?;
    Answer::parse(&bytes).ok_or_else(|| Error::Unexpected("no answer in HTTP".to_owned()))
}

/// The path that `location` means where `base` was asked (RFC 3986 §5.2).
#[must_use]
pub fn resolve(base: &str, location: &str) -> String {
    if let Some((_, rest)) = location.split_once("://") {
        return rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/").to_owned();
    }
    if location.starts_with('/') {
        return location.to_owned();
    }
    let path = base.split('?').next().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    format!("{folder}/{location}")
}

/// For a connection, or an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer with every codec has 10 kB.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

#[cfg(test)]
mod tests;
