//! `rtmp://` and `rtmps://` URLs: where a stream is published. What names the stream there is a secret more often than not, so it is never shown.

use std::fmt;

use crate::StreamName;

/// A URL, whose application and stream may be left out.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    is_tls: bool,
    /// As it was written: IPv6 addresses in brackets.
    host: String,
    port: u16,
    app: Option<String>,
    stream: Option<String>,
    /// The parameters, without the question mark.
    query: String,
}

/// Where exactly a stream goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it goes by RTMPS.
    pub is_tls: bool,
    /// As it was written: IPv6 addresses in brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// The application.
    pub app: String,
    /// The stream, with its parameters. A secret.
    pub stream: String,
}

/// Why a text is no such URL. Nothing of the text is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Another scheme, or none.
    #[error("it begins with neither rtmp:// nor rtmps://")]
    Scheme,
    /// No host, or one with a user in front, or a port that is none.
    #[error("its host or its port is none; a user and a password have no place in it")]
    Host,
    /// A space or a control character.
    #[error("it has a space or a control character in it")]
    Character,
    /// More than anybody needs.
    #[error("it has more than {0} bytes")]
    TooLong(usize),
    /// A key for a URL that has no application.
    #[error("it names no application for the key")]
    NoApp,
}

impl Url {
    /// Reads `rtmp[s]://host[:port][/app][/stream][?parameters]`. An application has several segments when the path has more than two.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (rest, is_tls) = checked(text)?;
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (host, port) = host_and_port(authority, is_tls)?;
        let path = path.trim_matches('/');
        let (app, stream) = match path.rsplit_once('/') {
            Some((app, stream)) => (Some(app), Some(stream)),
            None => (Some(path).filter(|app| !app.is_empty()), None),
        };
        let owned = |part: Option<&str>| part.map(str::to_owned);
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
            app: owned(app),
            stream: owned(stream),
            query: query.to_owned(),
        })
    }

    /// Reads what services show in two fields: the URL of an application, and a key, which is the name of the stream with or without parameters.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn with_key(text: &str, key: &str) -> Result<Self, UrlError> {
        let mut url = Self::parse(text)?;
        if key.is_empty() {
            return Ok(url);
        }
        if key.len() > BYTES_MAX {
            return Err(UrlError::TooLong(BYTES_MAX));
        }
        if has_forbidden(key) {
            return Err(UrlError::Character);
        }
        let app = url.app.take().ok_or(UrlError::NoApp)?;
        // The whole path is the application.
        url.app = Some(url.stream.take().map_or(app.clone(), |last| format!("{app}/{last}")));
        let (stream, query) = key.split_once('?').unwrap_or((key, ""));
        let between = if url.query.is_empty() || query.is_empty() { "" } else { "&" };
        url.query = format!("{}{between}{query}", url.query);
        url.stream = Some(stream.to_owned());
        Ok(url)
    }

    /// Where this stream goes: to the same application and the same stream, as far as the URL does not say others.
    #[must_use]
    pub fn endpoint(&self, name: &StreamName) -> Endpoint {
        let stream = self.stream.as_deref().unwrap_or(name.stream());
        let question_mark = if self.query.is_empty() { "" } else { "?" };
        Endpoint {
            is_tls: self.is_tls,
            host: self.host.clone(),
            port: self.port,
            app: self.app.as_deref().unwrap_or(name.app()).to_owned(),
            stream: format!("{stream}{question_mark}{}", self.query),
        }
    }

    /// A text of the other side without the stream and the parameters of this URL, should they be in it.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        let stream = self.stream.as_deref().unwrap_or_default();
        let secrets = [stream, &self.query].into_iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }
}

impl Endpoint {
    /// The host as the resolver wants it.
    #[must_use]
    pub fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The URL up to the application; the port only where it is not the usual one.
    #[must_use]
    pub fn origin(&self) -> String {
        origin(self.is_tls, &self.host, self.port)
    }
}

/// The URL up to the application, without the stream and the parameters.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&origin(self.is_tls, &self.host, self.port))?;
        self.app.iter().try_for_each(|app| write!(f, "/{app}"))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self}, the stream is not shown)")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}/{}, the stream is not shown)", self.origin(), self.app)
    }
}

/// What follows the scheme, and whether that is RTMPS.
fn checked(text: &str) -> Result<(&str, bool), UrlError> {
    if text.len() > BYTES_MAX {
        return Err(UrlError::TooLong(BYTES_MAX));
    }
    if has_forbidden(text) {
        return Err(UrlError::Character);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    let is_tls = scheme.eq_ignore_ascii_case("rtmps");
    if is_tls || scheme.eq_ignore_ascii_case("rtmp") { Ok((rest, is_tls)) } else { Err(UrlError::Scheme) }
}

fn has_forbidden(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn host_and_port(authority: &str, is_tls: bool) -> Result<(&str, u16), UrlError> {
    let usual = if is_tls { RTMPS_PORT } else { RTMP_PORT };
    let split = match authority.rfind(']') {
        Some(bracket) => authority.split_at(bracket + 1),
        None => authority.find(':').map_or((authority, ""), |colon| authority.split_at(colon)),
    };
    let (host, port) = match split {
        (host, "") => (host, usual),
        (host, port) => {
            let port = port.strip_prefix(':').and_then(|port| port.parse().ok());
            (host, port.filter(|&port| port != 0).ok_or(UrlError::Host)?)
        }
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_right = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(is_name),
    };
    if is_right { Ok((host, port)) } else { Err(UrlError::Host) }
}

fn origin(is_tls: bool, host: &str, port: u16) -> String {
    let (scheme, usual) = if is_tls { ("rtmps", RTMPS_PORT) } else { ("rtmp", RTMP_PORT) };
    if port == usual { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}

/// Registered for RTMP, and what it has by convention with TLS.
const RTMP_PORT: u16 = 1935;
const RTMPS_PORT: u16 = 443;
/// Shorter ones are no keys, and parts of words.
const SECRET_BYTES_MIN: usize = 4;
/// Longer than the keys of all services.
pub(crate) const BYTES_MAX: usize = 2048;

#[cfg(test)]
mod tests;
