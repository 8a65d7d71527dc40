//! What is published by WebRTC, for everybody else: packets of a stream's room become frames of its hub, while somebody reads those.
//!
//! ```text
//! router ─packets─▶ worker: a member without a connection ─▶ Program (packets ▶ frames, in step) ─▶ Sound (Opus, and ▶ AAC) ─▶ hub
//! ```
//! Sound goes to the hub as it came, for recordings, and transcoded while somebody reads it so; G.711 transcoded alone.

mod opening;
mod program;
mod sound;
mod track;

use std::sync::Arc;
use std::time::Duration;

use live::hub::{Grades, Rendition};
use room::media::{MediaPeerId, MediaRoomId};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, sleep_until, timeout};

use self::program::{Output, Program};
use self::sound::{Rendered, Sound};
use super::directory::{Inlet, Readers};
use crate::clock;
use crate::media::{self, View};
use crate::workers::{Handle, Stopped};

/// Takes the frames of a stream out of its room.
#[derive(Debug)]
pub(crate) struct Tapper {
    pub(crate) inlet: Inlet,
    pub(crate) workers: Handle,
    pub(crate) worker: usize,
    pub(crate) room: MediaRoomId,
    /// The member that receives.
    pub(crate) peer: MediaPeerId,
    /// What it receives.
    pub(crate) view: View,
    pub(crate) terms: Terms,
}

/// What is known of a publisher, and wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    /// It has offered sound.
    pub(crate) audio: bool,
    /// It has offered pictures.
    pub(crate) video: bool,
    /// It is asked for a key frame when none has come for so long.
    pub(crate) key_frame_every: Duration,
}

/// The frames are taken out until this is dropped.
#[derive(Debug)]
pub(crate) struct Tapping {
    view: watch::Sender<View>,
}

impl Tapping {
    /// Something else is taken out from here on.
    pub(crate) fn turn(&self, view: View) {
        self.view.send_if_modified(|known| std::mem::replace(known, view) != view);
    }
}

/// Why nothing is taken out any more.
enum End {
    /// Nobody has read for a while.
    Unread,
    /// The worker has begun anew, or the frames failed here.
    Failed,
}

impl Tapper {
    /// Starts the task, on the current runtime.
    pub(crate) fn spawn(mut self) -> Tapping {
        let (view, mut views) = watch::channel(self.view);
        let mut ended = views.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = async { while ended.changed().await.is_ok() {} } => {}
                // The worker has ended, and the server ends with it.
                _stopped = self.run(&mut views) => {}
            }
            let _ = self.workers.tap(self.worker, media::Tap::Close { peer: self.peer }).await;
        });
        Tapping { view }
    }

    /// Whenever somebody reads, until the worker ends.
    async fn run(&mut self, views: &mut watch::Receiver<View>) -> Result<(), Stopped> {
        let mut readers = self.inlet.readers();
        // Whoever comes first asks for what there is: then all layers begin together.
        self.inlet.set_layers(self.view.layers);
        loop {
            // The stream holds the sender.
            drop(readers.wait_for(|readers| readers.are_there()).await);
            tracing::debug!(stream = %self.inlet.name(), "what is published by WebRTC is read as frames");
            let end = self.draw(views).await?;
            self.inlet.pause();
            self.workers.tap(self.worker, media::Tap::Close { peer: self.peer }).await?;
            if matches!(end, End::Failed) {
                sleep(PAUSE).await;
            }
        }
    }

    async fn draw(&mut self, views: &mut watch::Receiver<View>) -> Result<End, Stopped> {
        let (sender, mut batches) = mpsc::channel(BATCHES_MAX);
        let mut readers = self.inlet.readers();
        let view = *views.borrow_and_update();
        let mut grades = readers.borrow_and_update().grades();
        let open = media::Tap::Open { room: self.room, peer: self.peer, view, grades, batches: sender };
        self.workers.tap(self.worker, open).await?;
        let began = clock::now();
        self.inlet.resume(began);
        self.inlet.set_layers(view.layers);
        let mut program = Program::new(began, self.terms);
        let mut sound = Sound::new(Arc::clone(&self.inlet.directory().tally().to_aac));
        let unread = unread(self.inlet.readers(), Readers::are_there);
        tokio::pin!(unread);
        // Nobody listens before the first look.
        let mut is_listened = false;
        let listened = self.listened(is_listened);
        tokio::pin!(listened);
        loop {
            let due = program.poll_timeout();
            let due = async {
                match due {
                    Some(due) => sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                batch = batches.recv() => match batch {
                    Some(batch) => program.handle_batch(batch),
                    None => return Ok(End::Failed),
                },
                () = due => program.handle_timeout(clock::now()),
                () = &mut unread => return Ok(End::Unread),
                () = &mut listened => {
                    is_listened = !is_listened;
                    listened.set(self.listened(is_listened));
                    self.listen(&mut sound, is_listened).await?;
                }
                Ok(()) = views.changed() => {
                    let view = *views.borrow_and_update();
                    self.turn(view, grades).await?;
                }
                // Whoever holds the stream holds the sender.
                Ok(()) = readers.changed() => {
                    let (read, view) = (readers.borrow_and_update().grades(), *views.borrow());
                    if std::mem::replace(&mut grades, read) != read {
                        self.turn(view, grades).await?;
                        program.keep_grades(grades);
                    }
                }
            }
            let outputs: Vec<Output> = std::iter::from_fn(|| program.poll_output()).collect();
            let Some((back, rendered)) = rendered(sound, outputs).await else {
                tracing::error!(stream = %self.inlet.name(), "the sound of a stream failed; its frames are begun again");
                return Ok(End::Failed);
            };
            sound = back;
            self.publish(rendered).await?;
        }
    }

    /// Until it is no longer so that somebody reads sound that every player knows, or that nobody does.
    fn listened(&self, is_listened: bool) -> impl Future<Output = ()> + use<> {
        let mut readers = self.inlet.readers();
        async move {
            if is_listened {
                unread(readers, |readers| readers.of_sound.common > 0).await;
            } else {
                drop(readers.wait_for(|readers| readers.of_sound.common > 0).await);
            }
        }
    }

    /// Sound is transcoded from here on, or no longer.
    async fn listen(&mut self, sound: &mut Sound, is_listened: bool) -> Result<(), Stopped> {
        if !is_listened {
            if sound.rest() {
                self.inlet.withdraw(Rendition::Common);
            }
            return Ok(());
        }
        let Some(parameters) = sound.begin() else { return Ok(()) };
        // Whoever has come begins with a picture from which on there is sound.
        self.publish(vec![parameters, Rendered::of_all(Output::KeyFrameWanted)]).await
    }

    /// Receives what is in the view from here on, as far as somebody reads it.
    async fn turn(&self, view: View, grades: Grades) -> Result<(), Stopped> {
        self.inlet.set_layers(view.layers);
        self.workers.tap(self.worker, media::Tap::Turn { peer: self.peer, view, grades }).await
    }

    async fn publish(&mut self, all: Vec<Rendered>) -> Result<(), Stopped> {
        let mut is_new = false;
        for Rendered { rendition, output } in all {
            is_new |= matches!(output, Output::Frame(_) | Output::LayerPicture(..));
            match (output, rendition) {
                (Output::Parameters(parameters), None) => self.inlet.publish_parameters(parameters),
                (Output::Parameters(parameters), Some(rendition)) => {
                    self.inlet.publish_sound_parameters(rendition, parameters);
                }
                (Output::Frame(frame), None) => self.inlet.publish_frame(frame),
                (Output::Frame(frame), Some(rendition)) => self.inlet.publish_sound(rendition, frame),
                (Output::LayerParameters(grade, parameters), _) => self.inlet.publish_parameters_of(grade, parameters),
                (Output::LayerPicture(grade, picture), _) => self.inlet.publish_picture_of(grade, picture),
                (Output::KeyFrameWanted, _) => {
                    self.workers.tap(self.worker, media::Tap::WantKeyFrame { peer: self.peer }).await?;
                }
            }
        }
        if is_new {
            self.inlet.flush();
        }
        Ok(())
    }
}

/// The same with the sound in the renditions in which it is read. `None` if that has failed.
async fn rendered(mut sound: Sound, outputs: Vec<Output>) -> Option<(Sound, Vec<Rendered>)> {
    if !sound.is_concerned(&outputs) {
        let rendered = sound.render(outputs);
        return Some((sound, rendered));
    }
    // Sound is decoded and encoded: that is nothing for the threads of the sockets.
    let worked = spawn_blocking(move || {
        let rendered = sound.render(outputs);
        (sound, rendered)
    });
    worked.await.ok()
}

/// Until there have been no such readers for a while.
async fn unread(mut readers: watch::Receiver<Readers>, are_there: fn(Readers) -> bool) {
    loop {
        drop(readers.wait_for(|readers| !are_there(*readers)).await);
        if timeout(LINGER, readers.wait_for(|readers| are_there(*readers))).await.is_err() {
            return;
        }
    }
}

/// Wake-ups of the worker that may wait: two seconds or so, in which sound is transcoded a hundred times.
const BATCHES_MAX: usize = 512;
/// Whoever comes back so soon finds everything under way.
const LINGER: Duration = Duration::from_secs(10);
/// Before a stream that failed is begun again.
const PAUSE: Duration = Duration::from_secs(1);
