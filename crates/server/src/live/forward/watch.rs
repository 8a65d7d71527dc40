//! Who is on air, and where that goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use live::StreamName;
use live::rtmp::Url;
use tokio::sync::watch as channel;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use super::course::Course;
use super::table::Start;
use super::target::Source;
use super::{Forwards, Surroundings};
use crate::clock;
use crate::config::ForwardRules;
use crate::live::clients::Clients;
use crate::live::directory::Directory;
use crate::live::hooks::{Hook, HookRefusal, Hooks};

/// The task that begins and ends courses.
pub(super) struct Watch {
    pub(super) forwards: Forwards,
    pub(super) rules: ForwardRules,
    pub(super) around: Surroundings,
    /// The courses, and the questions under way.
    pub(super) courses: JoinSet<()>,
}

impl Watch {
    pub(super) async fn run(mut self, mut stopping: channel::Receiver<bool>) {
        let (mut on_air, mut requested) = (self.around.directory.changes(), self.forwards.0.changes.subscribe());
        let mut ticks = interval(TICK);
        loop {
            self.look();
            tokio::select! {
                // Both are kept here, so their senders live.
                _ = on_air.changed() => {}
                _ = requested.changed() => {}
                _ = ticks.tick() => {}
                Some(_) = self.courses.join_next() => {}
                _ = stopping.wait_for(|stopping| *stopping) => break,
            }
        }
        self.forwards.table().stop();
        let ended = async { while self.courses.join_next().await.is_some() {} };
        // What does not end in time ends with the set.
        let _ = timeout(FAREWELL, ended).await;
    }

    fn look(&mut self) {
        let on_air: BTreeMap<StreamName, Instant> =
            self.around.directory.streams().into_iter().map(|(name, on_air)| (name, on_air.since)).collect();
        // What a room shows nobody, only recordings have.
        let on_air = on_air.into_iter().filter(|(name, _)| self.around.shows.may_leave(name)).collect();
        let hooks = self.around.hooks.clone().filter(|hooks| hooks.has(Hook::Forward));
        let is_wanted = |name: &StreamName| hooks.is_some() || self.rules.urls(name).next().is_some();
        let came = self.forwards.table().look(clock::now(), &on_air, is_wanted);
        for (name, since) in came {
            let urls = self.rules.urls(&name).cloned().collect();
            self.forwards.table().direct(since, &name, urls, Source::Settings);
            if let Some(hooks) = &hooks {
                let question = Question { name, since, hooks: hooks.clone(), clients: self.around.clients.clone() };
                self.courses.spawn(question.ask(self.forwards.clone(), self.around.directory.clone()));
            }
        }
        let starts = self.forwards.table().starts();
        for Start { name, target, stop } in starts {
            let (directory, outside) = (self.around.directory.clone(), self.forwards.0.outside.clone());
            self.courses.spawn(Course { name, target, directory, outside, stop }.run());
        }
    }
}

/// Where does this stream go?
struct Question {
    name: StreamName,
    /// Which publisher's.
    since: Instant,
    hooks: Hooks,
    clients: Clients,
}

impl Question {
    /// Until a program answers, or the publisher has gone. What it says of other streams' URLs counts for this one alone.
    async fn ask(self, forwards: Forwards, directory: Directory) {
        let Some(publisher) = self.clients.publisher(&self.name) else { return };
        let mut pause = PAUSE_FIRST;
        loop {
            match self.hooks.ask_where(&publisher).await {
                Ok(texts) => return self.take(&forwards, texts),
                Err(HookRefusal::Refused(_)) => return,
                Err(HookRefusal::Failed(_)) => sleep(pause).await,
            }
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
            if directory.sight(&self.name).is_none_or(|sight| sight.on_air.since != self.since) {
                return;
            }
        }
    }

    fn take(self, forwards: &Forwards, texts: Vec<String>) {
        let mut urls = Vec::new();
        for text in texts.iter().take(HOOK_URLS_MAX) {
            match Url::parse(text) {
                Ok(url) => urls.push(url),
                Err(error) => tracing::warn!(stream = %self.name, "on_forward names no URL: {error}"),
            }
        }
        if texts.len() > HOOK_URLS_MAX {
            tracing::warn!(stream = %self.name, "on_forward names {} URLs, of which {HOOK_URLS_MAX} count", texts.len());
        }
        forwards.table().direct(self.since, &self.name, urls, Source::Hook);
        forwards.0.changes.send_replace(());
    }
}

/// How often it looks without being told of a change: for what is to be forgotten.
const TICK: Duration = Duration::from_secs(30);
/// How long courses may take to end when the server stops.
const FAREWELL: Duration = Duration::from_secs(3);
/// Between a question that could not be put and the next.
const PAUSE_FIRST: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// URLs of one answer.
const HOOK_URLS_MAX: usize = 16;
