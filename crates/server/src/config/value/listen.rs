//! Where to listen.

use std::net::{Ipv6Addr, SocketAddr};

use toml::Value as Toml;

use crate::config::setting::Value;

/// The addresses a service listens on; none when it is off. `[::]` stands for every address of both families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(pub Vec<SocketAddr>);

impl Listen {
    /// Whether the service is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.0.is_empty()
    }
}

impl Value for Listen {
    const KIND: &'static str = "port, address with port, list of these, or \"off\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        if value.as_str() == Some("off") {
            return Ok(Self(Vec::new()));
        }
        match value {
            Toml::Array(values) if !values.is_empty() => values.iter().map(address).collect::<Result<_, _>>().map(Self),
            Toml::String(text) => text
                .split(',')
                .map(|text| address(&Toml::String(text.trim().to_owned())))
                .collect::<Result<_, _>>()
                .map(Self),
            Toml::Integer(_) => address(value).map(|address| Self(vec![address])),
            Toml::Array(_) | Toml::Float(_) | Toml::Boolean(_) | Toml::Datetime(_) | Toml::Table(_) => Err(expected()),
        }
    }
}

/// Where a service listens that is content without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AutoListen {
    /// On the conventional port, if that can be had.
    Auto,
    /// There and nowhere else.
    At(Listen),
}

impl AutoListen {
    /// The addresses, and whether the server does not start without them.
    #[must_use]
    pub fn addresses(&self, conventional: SocketAddr) -> (Listen, bool) {
        match self {
            Self::Auto => (Listen(vec![conventional]), false),
            Self::At(listen) => (listen.clone(), true),
        }
    }
}

impl Value for AutoListen {
    const KIND: &'static str = "\"auto\", port, address with port, list of these, or \"off\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        if value.as_str() == Some("auto") {
            return Ok(Self::Auto);
        }
        Listen::from_toml(value).map(Self::At).map_err(|expected| format!("\"auto\", {expected}"))
    }
}

fn address(value: &Toml) -> Result<SocketAddr, String> {
    let port = match value {
        Toml::Integer(number) => u16::try_from(*number).ok(),
        Toml::String(text) => text.parse().ok(),
        Toml::Float(_) | Toml::Boolean(_) | Toml::Datetime(_) | Toml::Array(_) | Toml::Table(_) => None,
    };
    if let Some(port) = port {
        return Ok((Ipv6Addr::UNSPECIFIED, port).into());
    }
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(expected)
}

fn expected() -> String {
    "a port (8080), an address with a port (\"127.0.0.1:8080\", \"[::1]:8080\"), a list of these, or \"off\"".to_owned()
}
