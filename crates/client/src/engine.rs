//! Drives many peer connections in one thread: sockets that are ready, timers that are due, media to be sent, media that comes.

mod driven;
mod lanes;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

pub use driven::{Outcome, Setup};
pub(crate) use lanes::{LOSSY, RELIABLE};

use crate::clock::nap;
use crate::{Clock, Error};
use driven::Driven;

/// Which peer connection of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub u32);

/// A thread that drives peer connections. It ends when this is dropped.
#[derive(Debug)]
pub struct Engine {
    commands: mpsc::Sender<Command>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// What the thread is told.
enum Command {
    Add(PeerKey, Box<Setup>),
    Remove(PeerKey),
    Activate { peer: PeerKey, mid: String, rid: String, active: bool },
    Deafen,
    Reset,
    Report(mpsc::Sender<BTreeMap<PeerKey, Outcome>>),
    Stop,
}

impl Engine {
    /// Starts the thread. `run` is that of the stamps to be counted. With `look_after` it is not woken when something comes, but looks for
    /// itself so long after it has last looked.
    ///
    /// # Errors
    /// When the system gives no thread or no poll.
    pub fn start(clock: Clock, run: u32, look_after: Option<Duration>) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::Socket)?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(Error::Socket)?;
        let (commands, inbox) = mpsc::channel();
        let state = Loop {
            poll,
            clock,
            run,
            look_after,
            is_deaf: false,
            inbox,
            peers: BTreeMap::new(),
            timers: BinaryHeap::new(),
        };
        let name = std::thread::Builder::new().name("media".into());
        let thread = name.spawn(move || state.run()).map_err(Error::Socket)?;
        Ok(Self { commands, waker, thread: Some(thread) })
    }

    /// Hands over a peer connection whose negotiation is done.
    pub fn add(&self, key: PeerKey, setup: Setup) {
        self.tell(Command::Add(key, Box::new(setup)));
    }

    /// Closes a peer connection.
    pub fn remove(&self, key: PeerKey) {
        self.tell(Command::Remove(key));
    }

    /// Switches a layer that is sent on or off.
    pub fn activate(&self, peer: PeerKey, mid: &str, rid: &str, active: bool) {
        self.tell(Command::Activate { peer, mid: mid.to_owned(), rid: rid.to_owned(), active });
    }

    /// Reads nothing from here on, and goes on to say what is due: what comes is left to the kernel, which throws it away.
    pub fn deafen(&self) {
        self.tell(Command::Deafen);
    }

    /// Starts to count anew.
    pub fn reset(&self) {
        self.tell(Command::Reset);
    }

    /// What was counted so far. Empty when the thread has died.
    #[must_use]
    pub fn report(&self) -> BTreeMap<PeerKey, Outcome> {
        let (sender, receiver) = mpsc::channel();
        self.tell(Command::Report(sender));
        receiver.recv().unwrap_or_default()
    }

    /// A thread that has died hears nothing; its report is empty.
    fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
        let _ = self.waker.wake();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tell(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread owns.
struct Loop {
    poll: Poll,
    clock: Clock,
    run: u32,
    look_after: Option<Duration>,
    is_deaf: bool,
    inbox: mpsc::Receiver<Command>,
    peers: BTreeMap<PeerKey, Driven>,
    /// When each peer wants to be driven; an entry that is earlier than its peer's true deadline is put back.
    timers: BinaryHeap<Reverse<(Instant, PeerKey)>>,
}

impl Loop {
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let wait = self.timers.peek().map(|Reverse((at, _))| at.saturating_duration_since(self.clock.now()));
            let mut wait = wait.unwrap_or(IDLE).min(IDLE);
            if let Some(look_after) = self.look_after {
                nap(wait.min(look_after));
                wait = Duration::ZERO;
            }
            // An interrupted wait is one without events.
            let _ = self.poll.poll(&mut events, Some(wait));
            if !self.take_commands() {
                return;
            }
            for event in &events {
                let Ok(number) = u32::try_from(event.token().0) else { continue };
                self.drive(PeerKey(number), true);
                // What many receive takes a while; who sends meanwhile is not late for it.
                self.drive_due();
            }
            self.drive_due();
        }
    }

    fn drive(&mut self, key: PeerKey, readable: bool) {
        let Some(driven) = self.peers.get_mut(&key) else { return };
        if readable {
            if !self.is_deaf {
                driven.receive(self.clock, self.run);
            }
        } else {
            driven.handle_timeout(self.clock, self.run);
        }
        if driven.deadline < driven.queued {
            driven.queued = driven.deadline;
            self.timers.push(Reverse((driven.deadline, key)));
        }
    }

    fn drive_due(&mut self) {
        let now = self.clock.now();
        while let Some(&Reverse((at, key))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            let Some(driven) = self.peers.get_mut(&key) else { continue };
            // A peer's own entry is the one it remembers; others are left from before.
            if driven.queued != at {
                continue;
            }
            driven.queued = now + FAR;
            if driven.deadline <= now {
                self.drive(key, false);
            } else {
                driven.queued = driven.deadline;
                self.timers.push(Reverse((driven.deadline, key)));
            }
        }
    }

    /// `false` when the thread is to end.
    fn take_commands(&mut self) -> bool {
        while let Ok(command) = self.inbox.try_recv() {
            match command {
                Command::Add(key, setup) => self.add(key, *setup),
                Command::Remove(key) => {
                    if let Some(mut driven) = self.peers.remove(&key) {
                        driven.close(self.clock, self.run);
                    }
                }
                Command::Activate { peer, mid, rid, active } => {
                    if let Some(driven) = self.peers.get_mut(&peer) {
                        driven.activate(&mid, &rid, active);
                    }
                }
                Command::Deafen => self.is_deaf = true,
                Command::Reset => {
                    let now = self.clock.now();
                    self.peers.values_mut().for_each(|driven| driven.reset(now));
                }
                Command::Report(sender) => {
                    let now = self.clock.now();
                    let report = self.peers.iter().map(|(key, driven)| (*key, driven.outcome(now))).collect();
                    let _ = sender.send(report);
                }
                Command::Stop => {
                    self.peers.values_mut().for_each(|driven| driven.close(self.clock, self.run));
                    return false;
                }
            }
        }
        true
    }

    fn add(&mut self, key: PeerKey, setup: Setup) {
        let mut driven = Driven::new(setup, self.clock.now());
        let token = Token(key.0 as usize);
        if let Err(error) = driven.register(self.poll.registry(), token) {
            tracing::warn!(%error, "a socket cannot be watched");
            return;
        }
        driven.queued = self.clock.now() + FAR;
        self.peers.insert(key, driven);
        self.drive(key, false);
        // What came before the registration made no event.
        self.drive(key, true);
    }
}

/// Peers count from 0 on.
const WAKER: Token = Token(usize::MAX);

const EVENTS: usize = 1024;

/// The longest wait.
const IDLE: Duration = Duration::from_millis(100);

/// Later than any deadline.
const FAR: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests;
