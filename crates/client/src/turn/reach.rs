//! Whether those who are not relayed get through to a relayed address: firewalls on the way know its port only by its range.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::address::Door;
use super::allocation::Allocation;
use super::leg::UdpLeg;
use super::message;
use super::way::Way;
use crate::clock::nap;
use crate::receipt::ReceiveBuffer;
use crate::{Clock, Error};

/// What became of packets that a socket of this machine sent to a relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Where they went.
    pub relayed: SocketAddr,
    /// Whether one came through to the client.
    pub came: bool,
}

/// Makes an allocation, lets this machine's address (as the server sees it) be its peer, sends to the relayed address, and ends the allocation.
///
/// # Errors
/// When the server cannot be reached, does not answer, or refuses: 403 where the policy lets it relay nothing to this machine (RFC 8656 §10.2), 443
/// where the relayed address is of another family.
pub fn reach(door: &Door) -> Result<Reach, Error> {
    let (way, clock) = (Way::to(door)?, Clock::start());
    let mut allocation = Allocation::make(&way, clock)?;
    let (relayed, peer) = (allocation.relayed, allocation.mapped);
    let permitted = allocation.permit(peer, &way.user, clock);
    let came = permitted.and_then(|()| knock(&mut allocation, way.local_ip()?, clock));
    // It would end by itself.
    let _ = allocation.end(&way.user, clock);
    Ok(Reach { relayed, came: came? })
}

/// Sends from an address of this machine, the one that is permitted, to the relayed one until something comes out of it.
fn knock(allocation: &mut Allocation, from: IpAddr, clock: Clock) -> Result<bool, Error> {
    let relayed = allocation.relayed;
    let outside = UdpLeg::open(SocketAddr::new(from, 0))?;
    let mut word = [0; WORD_BYTES];
    getrandom::fill(&mut word).map_err(|error| Error::Socket(error.into()))?;
    let mut buffer = ReceiveBuffer::default();
    let (mut came, mut sent_until) = (false, Duration::ZERO);
    while !came && clock.elapsed() < PATIENCE {
        if clock.elapsed() >= sent_until {
            outside.send(relayed, &word, WORD_BYTES, false);
            sent_until = clock.elapsed() + AGAIN_AFTER;
        }
        nap(LOOK_AFTER);
        allocation.leg.receive(&mut buffer, |bytes, _| {
            came |= message::payload(bytes).and_then(|range| bytes.get(range)) == Some(&word);
        })?;
    }
    Ok(came)
}

/// Of the payload, which nobody guesses.
const WORD_BYTES: usize = 16;
/// Some packets may be lost.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(3);
const LOOK_AFTER: Duration = Duration::from_millis(1);
