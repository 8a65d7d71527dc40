//! A question to a STUN server: under which address does it see us (RFC 8489 §2)?

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageWriteVec, TransactionId};
use stun_types::prelude::{MessageWrite as _, MessageWriteExt as _};
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

use crate::Error;
use crate::dial::authority;

/// The address under which the server at a UDP port sees a new socket of this machine. An IPv6 address has no brackets.
///
/// # Errors
/// When the name has no address, or nothing comes back within 3.5 seconds, or not what RFC 8489 says.
pub async fn mapped_address(host: &str, port: u16) -> Result<SocketAddr, Error> {
    let fail = |source| Error::Connect { address: authority(host, port), source };
    let server = lookup_host((host, port)).await.map_err(fail)?.next();
    let server = server.ok_or_else(|| fail(std::io::ErrorKind::NotFound.into()))?;
    let any = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await.map_err(Error::Socket)?;
    socket.connect(server).await.map_err(fail)?;
    let request = Message::builder_request(BINDING, MessageWriteVec::new());
    let transaction = request.transaction_id();
    let request = request.finish();
    for wait in WAITS {
        // A port that was closed is found by the answer that does not come.
        let _ = socket.send(&request).await;
        if let Ok(Some(mapped)) = timeout(wait, answer(&socket, transaction)).await {
            return mapped;
        }
    }
    Err(Error::Timeout("the STUN server's answer"))
}

/// What the server says in this transaction; what else comes is passed over, as anybody can send it. `None` when nobody listens there.
async fn answer(socket: &UdpSocket, transaction: TransactionId) -> Option<Result<SocketAddr, Error>> {
    let mut buffer = [0; ANSWER_BYTES_MAX];
    loop {
        let bytes = socket.recv(&mut buffer).await.ok()?;
        let Ok(message) = Message::from_bytes(buffer.get(..bytes).unwrap_or_default()) else { continue };
        if message.transaction_id() == transaction {
            let mapped = message.attribute::<XorMappedAddress>();
            return Some(mapped.map(|it| it.addr(transaction)).map_err(|error| Error::Unexpected(error.to_string())));
        }
    }
}

/// After each sending (RFC 8489 §6.2.1, cut short).
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// An answer has less than 100.
const ANSWER_BYTES_MAX: usize = 1500;

#[cfg(test)]
mod tests;
