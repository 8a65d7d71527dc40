//! Accepting TCP connections and finding out what they are by their first bytes.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::connections::{Connections, Place};
use crate::guest::Guest;
use crate::http::{self, Arrival, Service, Site, endless};
use crate::live::directory::Socket;
use crate::live::rtmp;
use crate::replay::Replay;
use crate::tls;
use crate::workers::Connection;

/// What one port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Plain HTTP.
    Http,
    /// TLS with HTTP or TURN inside; plain TURN; plain HTTP is sent on to HTTPS.
    Https,
    /// TURN, plain or in TLS.
    Turn,
    /// Plain WebSockets of course clients.
    Compat,
    /// RTMP, plain or in TLS.
    Rtmp,
    /// Plain HTTP with figures for Prometheus.
    Metrics,
}

/// What every connection needs.
#[derive(Clone)]
pub(crate) struct Hall {
    pub(crate) site: Arc<Site>,
    pub(crate) workers: crate::workers::Handle,
    /// `None` when nothing needs TLS.
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) connections: Connections,
    /// Becomes true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Held by every connection: when all are dropped, all connections are gone.
    pub(crate) present: mpsc::Sender<()>,
}

/// Accepts until the server stops.
pub(crate) async fn accept(listener: TcpListener, purpose: Purpose, hall: Hall) {
    let mut stopping = hall.stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((stream, remote)) => match hall.connections.enter(remote.ip()) {
                Ok(place) => drop(tokio::spawn(enter(hall.clone(), purpose, stream, remote, place))),
                Err(full) => tracing::debug!(%remote, ?full, "connection refused"),
            },
            // Out of descriptors, or the client was gone already. The first lasts a while, and trying at once again would burn a core.
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn enter(hall: Hall, purpose: Purpose, stream: TcpStream, remote: SocketAddr, place: Place) {
    let served = async {
        stream.set_nodelay(true)?;
        let arrival = Arrival { local: stream.local_addr()?, remote };
        let stream = Guest { stream, place, present: hall.present.clone() };
        match purpose {
            Purpose::Http => serve_plain(&hall, stream, arrival).await,
            Purpose::Metrics => serve_http(&hall, Service::Metrics, stream, arrival).await,
            Purpose::Compat => serve_http(&hall, Service::Compat, stream, arrival).await,
            Purpose::Https | Purpose::Turn | Purpose::Rtmp => serve_mixed(&hall, purpose, stream, arrival).await,
        }
    };
    if let Err(error) = served.await {
        tracing::debug!(%remote, "connection ended: {error}");
    }
}

/// TLS begins with a handshake record, 22 (RFC 8446 §5.1); STUN with 0 or 1 (RFC 7983 §7), and so does the length of the check with which a
/// media client begins; HTTP with a letter.
async fn serve_mixed(hall: &Hall, purpose: Purpose, mut stream: Guest, arrival: Arrival) -> io::Result<()> {
    let first = first_byte(hall, &mut stream).await?;
    if is_stun(first) && purpose != Purpose::Rtmp {
        return serve_stun(hall, first, stream, arrival).await;
    }
    let stream = Replay::new(vec![first], stream);
    match (first, &hall.tls) {
        (0x16, Some(tls)) => {
            let stream = timeout(HANDSHAKE_DEADLINE, tls.accept(stream)).await??;
            serve_tls(hall, purpose, stream, arrival).await
        }
        (RTMP_VERSION, _) if purpose == Purpose::Rtmp => {
            let socket = Socket::of(&stream.get_ref().stream)?;
            serve_rtmp(hall, stream, Some(socket), arrival).await
        }
        _ if purpose == Purpose::Https => serve_http(hall, Service::Redirect, stream, arrival).await,
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "nothing that this port is for")),
    }
}

async fn serve_tls(
    hall: &Hall,
    purpose: Purpose,
    mut stream: tokio_rustls::server::TlsStream<Replay<Guest>>,
    arrival: Arrival,
) -> io::Result<()> {
    let protocol = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    match protocol.as_deref() {
        Some(tls::ALPN_TURN | tls::ALPN_STUN) if purpose != Purpose::Rtmp => {
            return serve_encrypted_turn(hall, stream, Vec::new(), arrival).await;
        }
        Some(tls::ALPN_HTTP1 | tls::ALPN_HTTP2) if purpose == Purpose::Https => {
            return serve_http(hall, Service::Pages, stream, arrival).await;
        }
        _ => {}
    }
    // Most TURN clients name no protocol, and some HTTP clients neither.
    let first = first_byte(hall, &mut stream).await?;
    if is_stun(first) && purpose != Purpose::Rtmp {
        return serve_encrypted_turn(hall, stream, vec![first], arrival).await;
    }
    let stream = Replay::new(vec![first], stream);
    match first {
        RTMP_VERSION if purpose != Purpose::Turn => serve_rtmp(hall, stream, None, arrival).await,
        _ if purpose == Purpose::Https => serve_http(hall, Service::Pages, stream, arrival).await,
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not STUN")),
    }
}

/// The first byte, if it comes in time and before the server stops.
async fn first_byte(hall: &Hall, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<u8> {
    let mut stopping = hall.stopping.clone();
    tokio::select! {
        byte = timeout(FIRST_BYTE_DEADLINE, stream.read_u8()) => byte?,
        _ = stopping.wait_for(|stopping| *stopping) => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

fn is_stun(first: u8) -> bool {
    matches!(first, 0x00 | 0x01)
}

/// A STUN message (RFC 8489 §5) has its magic cookie four bytes from its start. With a length in front (RFC 4571), two bytes later: a
/// media client.
async fn serve_stun(hall: &Hall, first: u8, mut stream: Guest, arrival: Arrival) -> io::Result<()> {
    let mut head = vec![first; FRAMED_HEAD_BYTES];
    let rest = head.get_mut(1..).unwrap_or_default();
    let mut stopping = hall.stopping.clone();
    tokio::select! {
        read = timeout(FIRST_BYTE_DEADLINE, stream.read_exact(rest)) => drop(read??),
        _ = stopping.wait_for(|stopping| *stopping) => return Err(io::ErrorKind::ConnectionAborted.into()),
    }
    let is_framed = head.ends_with(&STUN_COOKIE);
    let Guest { stream, place: _place, present: _present } = stream;
    let connection = Connection::plain(stream, head);
    let (local, remote) = (canonical(arrival.local), canonical(arrival.remote));
    let workers = &hall.workers;
    if is_framed {
        return workers.serve_media(connection, local, remote).await.map_err(io::Error::other);
    }
    workers.serve_stream(connection, local, remote).await.map_err(io::Error::other)
}

/// Until the client closes, breaks the rules or is silent for too long, or TURN stops. `read` are the bytes that were decrypted already.
async fn serve_encrypted_turn(
    hall: &Hall,
    stream: tokio_rustls::server::TlsStream<Replay<Guest>>,
    read: Vec<u8>,
    arrival: Arrival,
) -> io::Result<()> {
    let (stream, tls) = stream.into_inner();
    let Guest { stream, place: _place, present: _present } = stream.into_inner();
    let connection = Connection::encrypted(stream, tls, read);
    let (local, remote) = (canonical(arrival.local), canonical(arrival.remote));
    hall.workers.serve_stream(connection, local, remote).await.map_err(io::Error::other)
}

/// Until the publisher or the player goes, or breaks the rules.
async fn serve_rtmp<S>(hall: &Hall, stream: S, socket: Option<Socket>, arrival: Arrival) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    rtmp::serve(hall.site.stage.clone(), stream, socket, canonical(arrival.remote).ip()).await
}

/// A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d; the protocols above know them as IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    (address.ip().to_canonical(), address.port()).into()
}

/// A request without end is answered past the library for HTTP, if the connection begins with it.
async fn serve_plain(hall: &Hall, stream: Guest, arrival: Arrival) -> io::Result<()> {
    let mut stopping = hall.stopping.clone();
    let seen = tokio::select! {
        seen = timeout(FIRST_REQUEST_DEADLINE, endless::look(&stream.stream)) => seen??,
        _ = stopping.wait_for(|stopping| *stopping) => return Err(io::ErrorKind::ConnectionAborted.into()),
    };
    match seen {
        Some(seen) => endless::serve(Arc::clone(&hall.site), stream, arrival, seen).await,
        None => serve_http(hall, Service::Pages, stream, arrival).await,
    }
}

async fn serve_http<S>(hall: &Hall, service: Service, stream: S, arrival: Arrival) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let site = Arc::clone(&hall.site);
    let asked = Arc::new(AtomicBool::new(false));
    let has_asked = Arc::clone(&asked);
    let handler = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        let site = Arc::clone(&site);
        async move {
            let response = http::respond(site, service, arrival, request.map(Body::new)).await;
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(HTTP2_HEADER_BYTES_MAX)
        .keep_alive_interval(HTTP2_PING_INTERVAL)
        .keep_alive_timeout(HEADER_DEADLINE);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), handler));
    let mut stopping = hall.stopping.clone();
    // The library's deadlines begin when it knows whether this is HTTP/1 or HTTP/2, which the first bytes tell.
    let unasked = async {
        sleep(FIRST_REQUEST_DEADLINE).await;
        if asked.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        result = connection.as_mut() => return result.map_err(io::Error::other),
        () = unasked => return Err(io::Error::new(io::ErrorKind::TimedOut, "no request came")),
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    // Requests under way are finished, no more are taken.
    connection.as_mut().graceful_shutdown();
    connection.await.map_err(io::Error::other)
}

/// RFC 8489 §5.
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
/// What RTMP begins with (its specification 1.0 §5.2.2).
const RTMP_VERSION: u8 = 3;
/// A length, and a STUN message as far as its magic cookie.
const FRAMED_HEAD_BYTES: usize = 10;
/// A client that opens a connection has something to say.
const FIRST_BYTE_DEADLINE: Duration = Duration::from_secs(10);
/// Handshakes take a few round trips; on the worst mobile links two seconds each.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// From the end of a request to the end of the next request's headers: an idle connection is closed then, too.
const HEADER_DEADLINE: Duration = Duration::from_secs(30);
/// From the start to the end of the first request's headers, whatever the version of HTTP. A browser that opened a connection ahead of its need
/// opens another.
const FIRST_REQUEST_DEADLINE: Duration = Duration::from_secs(10);
/// A token in a URL has up to 4 kB, cookies of other services on this host may add some.
const HEADER_BYTES_MAX: usize = 32 * 1024;
const HEADERS_MAX: usize = 100;
const HTTP2_HEADER_BYTES_MAX: u32 = 32 * 1024;
/// A page load asks for some ten files.
const HTTP2_STREAMS_MAX: u32 = 64;
/// Finds dead HTTP/2 connections; dead HTTP/1 connections run into the header deadline.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
