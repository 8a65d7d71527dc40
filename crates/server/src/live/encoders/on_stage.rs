//! An encoder whose packets are made in this process, of frames that another protocol brings.
//!
//! ```text
//! RTMP ─frames─▶ Claim (a stream that nobody else reads) ─▶ Feeder ─packets─▶ worker: the encoder's seat in the room
//! ```

use std::convert::Infallible;
use std::time::Duration;

use live::StreamName;
use room::media::Source;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::guest::{Guest, Member, State};
use super::{Declined, Encoders};
use crate::clock;
use crate::live::directory::{Claim, Directory, Protocol};
use crate::live::feed::{Feeder, Feeding};
use crate::signal::Place;

/// A seat in a room that is fed with frames. When it is dropped, the seat is given back.
#[derive(Debug)]
pub(crate) struct OnStage {
    ended: oneshot::Receiver<Declined>,
    /// Its end is the message.
    _stays: oneshot::Sender<Infallible>,
}

impl Encoders {
    /// Takes a seat for an encoder, and a way in for its frames.
    ///
    /// # Errors
    /// [`Declined`].
    pub(crate) async fn feed(&self, guest: Guest, name: &StreamName) -> Result<(Claim, OnStage), Declined> {
        let member = Member::join(&self.signal, guest, State::default()).await?;
        let place = timeout(PLACE_MAX, member.place()).await.map_err(|_| Declined::Late)?.ok_or(Declined::Gone)?;
        // Nobody else can ask for this stream, so that its name cannot be taken.
        let directory = self.directory.apart();
        let claim = directory.claim(name, Protocol::Rtmp, clock::now()).map_err(|_| Declined::Late)?;
        let (published, sends) = watch::channel(Vec::new());
        let feeding = feeder(directory, name.clone(), place, published).spawn();
        let (ending, ended) = oneshot::channel();
        let (stays, gone) = oneshot::channel();
        tokio::spawn(attend(member, feeding, sends, gone, ending));
        Ok((claim, OnStage { ended, _stays: stays }))
    }
}

impl OnStage {
    /// Waits until the room ends it, and says why. Not to be asked again after that.
    pub(crate) async fn ended(&mut self) -> Declined {
        (&mut self.ended).await.unwrap_or(Declined::Gone)
    }
}

fn feeder(directory: Directory, name: StreamName, place: Place, published: watch::Sender<Vec<Source>>) -> Feeder {
    let Place { room, peer, worker, workers } = place;
    Feeder { directory, workers, worker, name, room, peer, published }
}

/// Keeps the seat until the encoder goes or the room ends it.
async fn attend(
    mut member: Member,
    _feeding: Feeding,
    mut sends: watch::Receiver<Vec<Source>>,
    mut gone: oneshot::Receiver<Infallible>,
    ending: oneshot::Sender<Declined>,
) {
    loop {
        tokio::select! {
            ended = member.ended() => {
                tracing::debug!(room = member.room(), "an encoder's seat is given up: {ended}");
                // It may have gone meanwhile.
                let _ = ending.send(ended);
                return;
            }
            Ok(()) = sends.changed() => {
                let now = State::of(&sends.borrow_and_update());
                member.send(now).await;
            }
            _ = &mut gone => return,
        }
    }
}

/// How long the rooms may take to say where the packets go.
const PLACE_MAX: Duration = Duration::from_secs(10);
