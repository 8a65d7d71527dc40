//! Receives what is sent in a room: counts it, or writes it into files.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::interval;

use crate::load::Door;
use crate::member::{Event, Member, Seat};
use crate::peer::{Media, Mode, Peer};
use crate::slots::Slots;
use crate::{Clock, Codec, Engine, Error, Outcome, PeerKey, Setup, Transport};

/// What to receive, and as whom.
#[derive(Debug, Clone)]
pub struct Player {
    /// The room.
    pub room: String,
    /// For people.
    pub name: String,
    /// Places for pictures, and as many for sound.
    pub slots: u32,
    /// The folder into which everything is written; only counted when there is none.
    pub record_into: Option<PathBuf>,
}

/// Receives until the room is gone; `tell` hears every second how it goes and says whether to go on. While the room is peer to peer
/// it waits.
///
/// # Errors
/// When the server does not let in, or the connection is lost.
pub async fn play(
    player: &Player,
    door: &Door,
    mut tell: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Outcome, Error> {
    let clock = Clock::start();
    let engine = Engine::start(clock, 0, None)?;
    let seat = Seat { name: player.name.clone(), token: door.token.clone() };
    let mut member = Member::join(&door.address, &player.room, &seat, door.trust).await?;
    let mut second = interval(Duration::from_secs(1));
    let mut last = Outcome::default();
    let mut slots: Option<Slots> = None;
    // Who publishes what, also before there are places for it.
    let mut others: Vec<(String, Vec<crate::Track>)> = Vec::new();
    loop {
        if member.is_through_server() && slots.is_none() {
            let mut fresh = connect(player, door.transport, &mut member, &engine, clock).await?;
            for (uid, tracks) in &others {
                subscribe(&mut member, &mut fresh, uid, tracks).await?;
            }
            slots = Some(fresh);
        }
        tokio::select! {
            event = member.next_event() => match event? {
                Event::Tracks { uid, tracks } => {
                    if let Some(slots) = &mut slots {
                        subscribe(&mut member, slots, &uid, &tracks).await?;
                    }
                    others.retain(|(other, _)| *other != uid);
                    if others.len() < OTHERS_MAX {
                        others.push((uid, tracks));
                    }
                }
                Event::Left { uid } => {
                    others.retain(|(other, _)| *other != uid);
                    if let Some(slots) = &mut slots {
                        slots.release(&uid);
                    }
                }
                Event::Mode(false) => {
                    engine.remove(KEY);
                    slots = None;
                }
                Event::Slots(_) | Event::Layer { .. } | Event::Mode(true) | Event::Other(_) => {}
            },
            _ = second.tick() => {
                let outcome = engine.report().remove(&KEY);
                let goes_on = tell(outcome.as_ref());
                if let Some(outcome) = outcome {
                    last = outcome;
                }
                if !goes_on {
                    member.leave().await;
                    return Ok(last);
                }
            }
        }
    }
}

/// Negotiates the places.
async fn connect(
    player: &Player,
    transport: Transport,
    member: &mut Member,
    engine: &Engine,
    clock: Clock,
) -> Result<Slots, Error> {
    let began = clock.now();
    let mode = if player.record_into.is_some() { Mode::Frames } else { Mode::Packets };
    let mut peer = Peer::new(transport, member.local(), mode, &Codec::ALL, began)?;
    let media: Vec<Media> = (0..player.slots).flat_map(|_| [Media::ReceiveAudio, Media::ReceiveVideo]).collect();
    let mids = member.negotiate(&mut peer, &media, &[]).await?;
    let slots = Slots::new(mids.iter().zip(&media));
    let record_into = player.record_into.clone();
    engine.add(KEY, Setup { peer, publications: Vec::new(), data: None, loss_ppm: 0, record_into, began });
    Ok(slots)
}

async fn subscribe(member: &mut Member, slots: &mut Slots, uid: &str, tracks: &[crate::Track]) -> Result<(), Error> {
    let wishes = slots.assign(uid, tracks);
    if wishes.is_empty() { Ok(()) } else { member.subscribe(&wishes).await }
}

/// The one peer connection of the engine.
const KEY: PeerKey = PeerKey(0);

/// Members whose tracks are remembered.
const OTHERS_MAX: usize = 1024;
