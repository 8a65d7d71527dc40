//! DTLS 1.2 (RFC 6347) as WebRTC uses it: the handshake, whose certificate has to be the one that the offer announced (RFC 8122 §6),
//! the keys of SRTP that come out of it (RFC 5764), and the records of data channels. One cipher suite, no resumption, no
//! renegotiation ([0014](../../../docs/decisions/0014-dtls-of-our-own.md)).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{self, digest};

use crate::config::Config;
use crate::error::DisconnectReason;
use crate::sdp::{Fingerprint, HashFunction};
use crate::session::DtlsRole;
use crate::srtp::{Profile, Protector, Unprotector};

mod client;
mod flight;
mod handshake;
mod hello;
mod identity;
mod key_share;
mod reassembly;
mod record;
mod schedule;
mod server;
mod wire;

use flight::{Due, Flight, Timer};
use handshake::{Alert, Failure, Handshake, Progress};
use reassembly::{Arrival, Reassembly};
use record::{ContentType, Record, RecordLayer, records};

/// One association.
pub(crate) struct Dtls {
    state: State,
    records: RecordLayer,
    /// Datagrams that may be read in the handshake at once; grows with time.
    allowance: Allowance,
    /// What [`Self::poll_event`] hands out. Bounded by what one datagram brings forth.
    events: VecDeque<Event>,
}

enum State {
    Handshake(Box<Underway>),
    Connected(Box<Answered>),
    Over,
}

/// A handshake with what is sent and received for it.
struct Underway {
    handshake: Handshake,
    inbound: Reassembly,
    /// Records that came before the keys that open them.
    early: Vec<(ContentType, u64, Vec<u8>)>,
    /// What was sent last.
    flight: Flight,
    /// Messages below this one are answered by `flight`.
    answered: u16,
    /// `None` before the first flight.
    timer: Option<Timer>,
}

/// The last flight: the other end repeats its own until it has this.
struct Answered {
    flight: Flight,
    timer: Timer,
}

/// SRTP in both directions.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) profile: Profile,
    pub(crate) protector: Protector,
    pub(crate) unprotector: Unprotector,
}

/// What came of an input.
pub(crate) enum Event {
    /// A datagram to be sent.
    Transmit(Vec<u8>),
    /// The handshake is over and the other end is who it should be. No keys where it offered no profile that is known here.
    Connected(Option<Box<Keys>>),
    /// A record of the application: SCTP.
    Data(Vec<u8>),
    /// close_notify.
    Closed,
}

impl Dtls {
    /// `seed` has to be secret: key share and random follow from it.
    pub(crate) fn new(
        config: Arc<Config>,
        role: DtlsRole,
        fingerprints: Vec<Fingerprint>,
        seed: [u8; 32],
        now: Instant,
    ) -> Self {
        let underway = Underway {
            handshake: Handshake::new(config, role, fingerprints, seed),
            inbound: Reassembly::default(),
            early: Vec::new(),
            flight: Flight::default(),
            answered: 0,
            timer: None,
        };
        Self {
            state: State::Handshake(Box::new(underway)),
            records: RecordLayer::default(),
            allowance: Allowance::new(now),
            events: VecDeque::new(),
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.state, State::Connected(_))
    }

    /// A datagram of one or more records. `Ok` when it was dropped, too.
    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Result<(), DisconnectReason> {
        if matches!(self.state, State::Handshake(_))
            && (datagram.len() > HANDSHAKE_DATAGRAM_BYTES_MAX || !self.allowance.take(now))
        {
            return Ok(());
        }
        records(datagram).try_for_each(|record| self.handle_record(now, &record))
    }

    /// Begins the handshake where that is ours to do, and repeats what was not answered.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), DisconnectReason> {
        let State::Handshake(underway) = &mut self.state else { return Ok(()) };
        let due = match &mut underway.timer {
            Some(timer) => timer.handle_timeout(now),
            None if underway.handshake.role == DtlsRole::Client => {
                underway.flight = underway.handshake.begin(&[]);
                underway.timer = Some(Timer::new(now));
                Due::Repetition
            }
            None => Due::Nothing,
        };
        match due {
            Due::Nothing => {}
            Due::Repetition => send(&underway.flight, &mut self.records, &mut self.events),
            Due::End => return Err(DisconnectReason::HandshakeTimeout),
        }
        Ok(())
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Handshake(underway) => underway.timer.as_ref().map(Timer::poll_timeout),
            State::Connected(_) | State::Over => None,
        }
    }

    /// A record of the application; dropped before the handshake is over.
    pub(crate) fn send(&mut self, record: &[u8]) {
        if self.is_connected() {
            self.write(1, ContentType::ApplicationData, record);
        }
    }

    /// Sends close_notify where the handshake is over.
    pub(crate) fn close(&mut self) {
        if self.is_connected() {
            self.write_alert(1, Alert::CloseNotify);
        }
        self.state = State::Over;
    }

    /// What came of the last input.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn handle_record(&mut self, now: Instant, record: &Record<'_>) -> Result<(), DisconnectReason> {
        match (record.epoch(), &mut self.state) {
            (0, State::Handshake(_)) => self.handle_plain(now, record.content, record.fragment),
            (1, State::Handshake(underway)) if !self.records.has_keys() => {
                if underway.early.len() < EARLY_RECORDS_MAX {
                    underway.early.push((record.content, record.number, record.fragment.to_vec()));
                }
                Ok(())
            }
            (1, State::Handshake(_) | State::Connected(_)) => match self.records.open(record) {
                Some(opened) => self.handle_opened(now, record.content, opened),
                None => Ok(()),
            },
            // Plain records are anybody's once there are keys, and there are no further epochs.
            _ => Ok(()),
        }
    }

    /// Nothing of this is authentic yet: the Finished will tell.
    fn handle_plain(&mut self, now: Instant, content: ContentType, fragment: &[u8]) -> Result<(), DisconnectReason> {
        match content {
            ContentType::Handshake => self.handle_handshake(now, 0, fragment),
            ContentType::Alert => fatal(fragment),
            // The epoch of a record says it all.
            ContentType::ChangeCipherSpec | ContentType::ApplicationData => Ok(()),
        }
    }

    fn handle_opened(&mut self, now: Instant, content: ContentType, opened: Vec<u8>) -> Result<(), DisconnectReason> {
        match (content, &mut self.state) {
            (ContentType::Handshake, State::Handshake(_)) => self.handle_handshake(now, 1, &opened),
            (ContentType::Handshake, State::Connected(answered)) => {
                if opened.first() == Some(&handshake::kind::FINISHED) && answered.timer.handle_repeated(now) {
                    send(&answered.flight, &mut self.records, &mut self.events);
                }
                Ok(())
            }
            (ContentType::Alert, _) if opened.get(1) == Some(&(Alert::CloseNotify as u8)) => {
                self.close();
                self.events.push_back(Event::Closed);
                Ok(())
            }
            (ContentType::Alert, _) => fatal(&opened),
            (ContentType::ApplicationData, State::Connected(_)) => {
                self.events.push_back(Event::Data(opened));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn handle_handshake(&mut self, now: Instant, epoch: u16, content: &[u8]) -> Result<(), DisconnectReason> {
        let State::Handshake(underway) = &mut self.state else { return Ok(()) };
        let (answered, mut repeated) = (underway.answered, false);
        let taken = underway.inbound.handle_content(epoch, content, |arrival| {
            repeated |= matches!(arrival, Arrival::Repeated { sequence } if sequence < answered);
        });
        if taken.is_err() {
            return self.fail(Failure { reason: DisconnectReason::Certificate, alert: Alert::BadCertificate });
        }
        if repeated && underway.timer.as_mut().is_some_and(|timer| timer.handle_repeated(now)) {
            send(&underway.flight, &mut self.records, &mut self.events);
        }
        while let State::Handshake(underway) = &mut self.state {
            let Some(message) = underway.inbound.poll_message() else { break };
            match underway.handshake.handle_message(&message, &mut self.records) {
                Ok(Progress::More) => {}
                Ok(Progress::Answer(flight)) => {
                    send(&flight, &mut self.records, &mut self.events);
                    underway.handle_flight(now, flight, message.sequence);
                }
                Ok(Progress::Finished(flight)) => self.finish(now, flight),
                Err(failure) => return self.fail(failure),
            }
        }
        self.handle_early(now)
    }

    /// Records that waited for the keys.
    fn handle_early(&mut self, now: Instant) -> Result<(), DisconnectReason> {
        let State::Handshake(underway) = &mut self.state else { return Ok(()) };
        if !self.records.has_keys() {
            return Ok(());
        }
        let early = std::mem::take(&mut underway.early);
        early.iter().try_for_each(|(content, number, fragment)| {
            self.handle_record(now, &Record { content: *content, number: *number, fragment })
        })
    }

    fn finish(&mut self, now: Instant, flight: Flight) {
        let State::Handshake(underway) = &mut self.state else { return };
        let role = underway.handshake.role;
        let keys = underway.handshake.export(|profile, material| {
            let (protector, unprotector) = match role {
                DtlsRole::Server => material.of_server(),
                DtlsRole::Client => material.of_client(),
            };
            Box::new(Keys { profile, protector, unprotector })
        });
        send(&flight, &mut self.records, &mut self.events);
        self.state = State::Connected(Box::new(Answered { flight, timer: Timer::new(now) }));
        self.events.push_back(Event::Connected(keys));
    }

    /// Tells the other end what is wrong with it.
    fn fail(&mut self, failure: Failure) -> Result<(), DisconnectReason> {
        self.write_alert(0, failure.alert);
        self.state = State::Over;
        Err(failure.reason)
    }

    fn write_alert(&mut self, epoch: u16, alert: Alert) {
        let level = if alert == Alert::CloseNotify { WARNING } else { FATAL };
        self.write(epoch, ContentType::Alert, &[level, alert as u8]);
    }

    fn write(&mut self, epoch: u16, content: ContentType, plain: &[u8]) {
        let mut datagram = Vec::with_capacity(plain.len() + RecordLayer::overhead(epoch));
        self.records.write(epoch, content, plain, &mut datagram);
        if !datagram.is_empty() {
            self.events.push_back(Event::Transmit(datagram));
        }
    }
}

impl Underway {
    fn handle_flight(&mut self, now: Instant, flight: Flight, answers: u16) {
        self.flight = flight;
        self.answered = answers.saturating_add(1);
        match &mut self.timer {
            Some(timer) => timer.handle_flight(now),
            None => self.timer = Some(Timer::new(now)),
        }
    }
}

fn send(flight: &Flight, records: &mut RecordLayer, events: &mut VecDeque<Event>) {
    flight.write(records, |datagram| events.push_back(Event::Transmit(datagram)));
}

/// An alert of the other end that leaves nothing to hope for.
fn fatal(alert: &[u8]) -> Result<(), DisconnectReason> {
    match alert {
        [FATAL, ..] => Err(DisconnectReason::Dtls),
        _ => Ok(()),
    }
}

impl std::fmt::Debug for Dtls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Handshake(underway) => format!("waits for {:?}", underway.handshake.awaited),
            State::Connected(_) => "connected".to_owned(),
            State::Over => "over".to_owned(),
        };
        f.debug_struct("Dtls").field("state", &state).finish_non_exhaustive()
    }
}

/// How many datagrams of a handshake are read: each may cost a signature.
#[derive(Debug)]
struct Allowance {
    datagrams: u32,
    filled_at: Instant,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        Self { datagrams: HANDSHAKE_DATAGRAMS_MAX, filled_at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        if now.saturating_duration_since(self.filled_at) >= HANDSHAKE_REFILL {
            *self = Self::new(now);
        }
        let left = self.datagrams.checked_sub(1);
        self.datagrams = left.unwrap_or(0);
        left.is_some()
    }
}

/// Of a certificate in DER.
pub(crate) fn fingerprint(hash: HashFunction, certificate_der: &[u8]) -> Fingerprint {
    let algorithm = match hash {
        HashFunction::Sha256 => &digest::SHA256,
        HashFunction::Sha384 => &digest::SHA384,
        HashFunction::Sha512 => &digest::SHA512,
    };
    Fingerprint::new(hash, digest(algorithm, certificate_der).as_ref())
        .expect("a digest has the length of its function")
}

/// Levels of alerts (RFC 5246 §7.2).
const WARNING: u8 = 1;
const FATAL: u8 = 2;
/// What a network carries in one datagram, and more than any client sends in a handshake.
const HANDSHAKE_DATAGRAM_BYTES_MAX: usize = 2048;
/// Three times what a chain of large certificates takes, all of it repeated once.
const HANDSHAKE_DATAGRAMS_MAX: u32 = 100;
/// After this, as many may be read again.
const HANDSHAKE_REFILL: Duration = Duration::from_secs(1);
/// A Finished, and what follows it at once, overtake what they depend on.
const EARLY_RECORDS_MAX: usize = 4;

#[cfg(test)]
mod tests;
