//! What the operator reads at the start.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use server::Addresses;
use server::config::{Config, PortRange};

/// What the text is made of.
#[derive(Debug)]
pub(crate) struct Greeting {
    pub(crate) addresses: Addresses,
    pub(crate) self_signed: bool,
    pub(crate) public_host: Option<String>,
    pub(crate) public_addresses: Vec<IpAddr>,
    /// This machine's addresses on its networks.
    pub(crate) reachable: Vec<IpAddr>,
    pub(crate) relaying: Relaying,
}

/// Whom relayed calls reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Relaying {
    /// TURN is off.
    Off,
    /// `turn.relay_ports` is off: whoever relays here, too.
    Within,
    /// Everybody.
    By(PortRange),
}

impl Relaying {
    pub(crate) fn of(config: &Config) -> Self {
        match (config.turn_enabled, config.turn_relay_ports) {
            (false, _) => Self::Off,
            (true, None) => Self::Within,
            (true, Some(range)) => Self::By(range),
        }
    }
}

impl Greeting {
    /// Addresses, who can use which, and the ports to open; with a QR code for a terminal.
    pub(crate) fn text(&self, terminal: bool) -> String {
        let mut text = format!("\n  Parlor {}\n\n", env!("CARGO_PKG_VERSION"));
        let public = self.public_url();
        let near = self.near_urls();
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "  {label:<21}{value}");
        };
        if let Some(url) = self.own_url() {
            line("On this computer", &url);
        }
        if let Some(url) = &public {
            line("From anywhere", url);
        }
        for (index, url) in near.iter().take(NEAR_URLS_MAX).enumerate() {
            line(if index == 0 { "On the same network" } else { "" }, url);
        }
        for address in &self.addresses.compat {
            line("Course clients", &format!("ws://{}", shown(*address, self.reachable.first())));
        }
        if let Some(url) = public.as_ref().or(near.first()).filter(|_| terminal) {
            text.push('\n');
            text.push_str(&code(url));
        }
        text.push('\n');
        text.push_str(&self.hints(public.is_some(), !near.is_empty()));
        text.push_str("\n  parlor admin, with the same settings, prints a link to the page that shows what it does.");
        text.push_str("\n  Ctrl+C stops it.\n\n");
        text
    }

    /// The address to tell people, of those there are.
    pub(crate) fn address(&self) -> Option<String> {
        self.public_url().or_else(|| self.near_urls().into_iter().next()).or_else(|| self.own_url())
    }

    fn hints(&self, is_public: bool, is_near: bool) -> String {
        let mut text = String::new();
        if self.self_signed && (is_near || is_public) {
            text.push_str(
                "  The certificate is this server's own, so browsers warn at https addresses: choose Advanced, then Continue.\n  \
                 Camera and microphone need https, or http on this computer itself.\n\n",
            );
        }
        if is_near && !is_public {
            text.push_str("  Calls work on this computer and its network. From elsewhere they work once these ports can be reached:\n");
        } else {
            text.push_str("  Calls work for everyone who can reach these ports:\n");
        }
        for (ports, purpose) in self.ports() {
            let _ = writeln!(text, "    {ports:<18} {purpose}");
        }
        if matches!(self.relaying, Relaying::Within) {
            text.push_str("  Without relay ports (turn.relay_ports) calls are relayed between two who both relay here, and to nobody else.\n");
        }
        if is_near && !is_public {
            text.push_str("  Behind a router or in a cloud also set public.addresses or public.stun; with a name and certificate, see docs/operations.md.\n");
        }
        text
    }

    /// The ports a firewall must let in.
    fn ports(&self) -> Vec<(String, &'static str)> {
        let open = |addresses: &[SocketAddr]| -> Vec<u16> {
            let mut ports: Vec<u16> =
                addresses.iter().filter(|address| !address.ip().is_loopback()).map(SocketAddr::port).collect();
            ports.dedup();
            ports
        };
        // The port for Prometheus is for nobody outside.
        let Addresses { http, https, udp, stun_second, turn_tcp, compat, rtmp, metrics: _ } = &self.addresses;
        let rows = [
            ("TCP", https, "pages, signalling, calls and meetings through strict firewalls (TURN over TLS)"),
            ("TCP", http, "pages and signalling without encryption"),
            ("UDP", udp, "connecting and relaying calls (STUN, TURN), meetings"),
            ("TCP", turn_tcp, "calls and meetings where UDP is blocked (TURN over TCP)"),
            ("UDP", stun_second, "the check page's look at the network (STUN)"),
            ("TCP", compat, "course clients"),
            ("TCP", rtmp, "RTMP"),
        ];
        let mut ports: Vec<(String, &'static str)> = rows
            .into_iter()
            .flat_map(|(protocol, addresses, purpose)| {
                open(addresses).into_iter().map(move |port| (format!("{protocol} {port}"), purpose))
            })
            .collect();
        if let Relaying::By(range) = self.relaying {
            ports.push((
                format!("UDP {}-{}", range.first, range.last),
                "relayed calls (turn.relay_ports; a smaller range will do)",
            ));
        }
        ports
    }

    /// The address for a browser on this machine; plain HTTP first, since it needs no certificate there.
    fn own_url(&self) -> Option<String> {
        let own = |addresses: &[SocketAddr]| {
            let loopback = addresses.iter().find(|address| address.ip().is_loopback() || address.ip().is_unspecified());
            loopback.map(SocketAddr::port)
        };
        let http = own(&self.addresses.http).map(|port| url("http", "localhost", port));
        http.or_else(|| own(&self.addresses.https).map(|port| url("https", "localhost", port)))
    }

    fn public_url(&self) -> Option<String> {
        let port = self.addresses.https.iter().find(|address| !address.ip().is_loopback())?.port();
        let host = self.public_host.clone().or_else(|| self.public_addresses.first().map(|address| host(*address)))?;
        Some(url("https", &host, port))
    }

    /// The addresses for phones on the same network.
    fn near_urls(&self) -> Vec<String> {
        let mut urls = Vec::new();
        for address in self.addresses.https.iter().filter(|address| !address.ip().is_loopback()) {
            if address.ip().is_unspecified() {
                let has_ipv4 = self.reachable.iter().any(IpAddr::is_ipv4);
                let near = self.reachable.iter().filter(|near| near.is_ipv4() || !has_ipv4);
                urls.extend(near.map(|near| url("https", &host(*near), address.port())));
            } else {
                urls.push(url("https", &host(address.ip()), address.port()));
            }
        }
        urls
    }
}

fn url(scheme: &str, host: &str, port: u16) -> String {
    match (scheme, port) {
        ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
        _ => format!("{scheme}://{host}:{port}"),
    }
}

fn host(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

/// A listening address as a client would write it.
fn shown(address: SocketAddr, near: Option<&IpAddr>) -> String {
    match near {
        Some(near) if address.ip().is_unspecified() => SocketAddr::new(*near, address.port()).to_string(),
        _ => address.to_string(),
    }
}

/// A QR code in half blocks, black on white whatever the terminal's colours are.
fn code(url: &str) -> String {
    let Ok(code) = QrCode::new(url) else { return String::new() };
    let blocks = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
    blocks.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "  \x1b[38;5;16;48;5;231m{line}\x1b[0m");
        text
    })
}

/// The page of the operator, on the best address that the configuration tells. The token is behind the `#`: it is never sent with a
/// request for a page, nor logged on the way.
pub(crate) fn admin_link(config: &Config, token: &str) -> String {
    let (http, https) = (&config.http_listen.0, &config.https_listen.0);
    let port = |addresses: &[SocketAddr]| addresses.first().map(SocketAddr::port);
    let named = config.public_host.0.clone().or_else(|| config.public_addresses.first().map(|address| host(*address)));
    let public = named.zip(port(https)).map(|(host, port)| url("https", &host, port));
    let own = || port(http).map(|port| url("http", "localhost", port));
    let own_https = || port(https).map(|port| url("https", "localhost", port));
    format!("{}/admin#token={token}", public.or_else(own).or_else(own_https).unwrap_or_default())
}

/// Writes to standard output. A reader that has gone away is no fault: `parlor config | head`.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes to standard error, where else could it go.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "parlor: {text}");
}

/// Machines with container bridges have many addresses; the first is the one that faces the Internet.
const NEAR_URLS_MAX: usize = 3;
