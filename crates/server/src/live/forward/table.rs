//! Which stream goes where, and since when it may.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use live::StreamName;
use live::rtmp::Url;
use tokio::sync::watch as channel;

use super::target::{Counts, Source, State, Target, TargetId};
use super::{Stop, TargetRefusal};
use crate::config::Limit;

/// Every target.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Streams with a target; and those on air for which a program is asked.
    streams: BTreeMap<StreamName, Entry>,
    last_id: u64,
    totals: Arc<Counts>,
}

/// One stream.
#[derive(Debug)]
struct Entry {
    standing: Standing,
    active: Vec<Active>,
}

/// Whether it is on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Since then, by which publishers are told apart.
    OnAir(Instant),
    /// Since then.
    OffAir(Instant),
}

#[derive(Debug)]
struct Active {
    target: Arc<Target>,
    /// Its course ends when this is dropped; `None`: there is none.
    stopping: Option<channel::Sender<()>>,
}

/// A course that is to begin.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) name: StreamName,
    pub(super) target: Arc<Target>,
    pub(super) stop: Stop,
}

impl Table {
    /// The targets of a stream, in the order of their coming.
    pub(super) fn targets(&self, name: &StreamName) -> Vec<Arc<Target>> {
        let active = self.streams.get(name).into_iter().flat_map(|entry| &entry.active);
        active.map(|active| Arc::clone(&active.target)).collect()
    }

    pub(super) fn states(&self) -> BTreeMap<&'static str, u64> {
        let mut states: BTreeMap<&'static str, u64> = State::WORDS.into_iter().map(|word| (word, 0)).collect();
        for active in self.streams.values().flat_map(|entry| &entry.active) {
            *states.entry(active.target.state().word()).or_default() += 1;
        }
        states
    }

    pub(super) fn totals(&self) -> Arc<Counts> {
        Arc::clone(&self.totals)
    }

    /// Somebody wants the stream there.
    ///
    /// # Errors
    /// [`TargetRefusal`].
    pub(super) fn request(
        &mut self,
        now: Instant,
        name: &StreamName,
        url: Url,
        targets_max: Limit,
    ) -> Result<Arc<Target>, TargetRefusal> {
        let requested = |entry: &Entry| entry.active.iter().filter(|active| active.is_requested()).count();
        let all: usize = self.streams.values().map(requested).sum();
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        let of_stream = self.streams.get(name).map_or(0, requested);
        if of_stream >= STREAM_TARGETS_MAX {
            return Err(TargetRefusal::StreamFull(of_stream));
        }
        if !targets_max.allows(all.saturating_add(1)) {
            return Err(TargetRefusal::Full(all));
        }
        self.add(now, name, url, Source::Request).ok_or(TargetRefusal::Duplicate)
    }

    /// The settings, or a program, have the publisher's stream there; nothing happens when it goes there already.
    pub(super) fn direct(&mut self, since: Instant, name: &StreamName, urls: Vec<Url>, source: Source) {
        if self.streams.get(name).is_some_and(|entry| entry.standing == Standing::OnAir(since)) {
            for url in urls {
                self.add(since, name, url, source);
            }
        }
    }

    /// `None`: the stream goes there already.
    fn add(&mut self, now: Instant, name: &StreamName, url: Url, source: Source) -> Option<Arc<Target>> {
        let endpoint = url.endpoint(name);
        let entry = self.streams.entry(name.clone());
        let entry = entry.or_insert_with(|| Entry { standing: Standing::OffAir(now), active: Vec::new() });
        if entry.active.iter().any(|active| active.target.url.endpoint(name) == endpoint) {
            return None;
        }
        self.last_id += 1;
        let target = Target::new(TargetId(self.last_id), source, url, Arc::clone(&self.totals));
        entry.active.push(Active { target: Arc::clone(&target), stopping: None });
        Some(target)
    }

    /// # Errors
    /// [`TargetRefusal`].
    pub(super) fn remove(&mut self, name: &StreamName, id: TargetId) -> Result<(), TargetRefusal> {
        let entry = self.streams.get_mut(name).ok_or(TargetRefusal::NoTarget)?;
        let at = entry.active.iter().position(|active| active.target.id == id).ok_or(TargetRefusal::NoTarget)?;
        if !entry.active.get(at).is_some_and(Active::is_requested) {
            return Err(TargetRefusal::OfOperator);
        }
        entry.active.remove(at);
        Ok(())
    }

    /// Takes note of what is on air: stops what goes nowhere any more and forgets what nobody has come back for. The streams that came are returned; of them
    /// only those are known from here on that `is_wanted` takes, or that have a target.
    pub(super) fn look(
        &mut self,
        now: Instant,
        on_air: &BTreeMap<StreamName, Instant>,
        is_wanted: impl Fn(&StreamName) -> bool,
    ) -> Vec<(StreamName, Instant)> {
        for (name, entry) in &mut self.streams {
            if let Standing::OnAir(since) = entry.standing
                && on_air.get(name) != Some(&since)
            {
                entry.end(now);
            }
        }
        let mut came = Vec::new();
        for (name, since) in on_air {
            if is_wanted(name) && !self.streams.contains_key(name) {
                self.streams.insert(name.clone(), Entry { standing: Standing::OffAir(now), active: Vec::new() });
            }
            if let Some(entry) = self.streams.get_mut(name)
                && entry.standing != Standing::OnAir(*since)
            {
                entry.standing = Standing::OnAir(*since);
                came.push((name.clone(), *since));
            }
        }
        self.streams.retain(|_, entry| match entry.standing {
            Standing::OnAir(_) => true,
            Standing::OffAir(since) => !entry.active.is_empty() && now.saturating_duration_since(since) < KEPT_OFF_AIR,
        });
        came
    }

    /// The courses that are to begin: those of targets of streams on air that have none.
    pub(super) fn starts(&mut self) -> Vec<Start> {
        let mut starts = Vec::new();
        for (name, entry) in &mut self.streams {
            if !matches!(entry.standing, Standing::OnAir(_)) {
                continue;
            }
            for active in entry.active.iter_mut().filter(|active| active.stopping.is_none()) {
                let (stopping, stopped) = channel::channel(());
                active.stopping = Some(stopping);
                starts.push(Start { name: name.clone(), target: Arc::clone(&active.target), stop: Stop(stopped) });
            }
        }
        starts
    }

    /// Nothing goes anywhere any more.
    pub(super) fn stop(&mut self) {
        self.streams.clear();
    }
}

impl Entry {
    /// The publisher has gone. The operator's targets come again with the next one.
    fn end(&mut self, now: Instant) {
        self.standing = Standing::OffAir(now);
        self.active.retain(Active::is_requested);
        for active in &mut self.active {
            active.stopping = None;
        }
    }
}

impl Active {
    fn is_requested(&self) -> bool {
        self.target.source == Source::Request
    }
}

/// Targets that publishers of one stream may name.
pub(super) const STREAM_TARGETS_MAX: usize = 8;
/// How long they are kept while nobody publishes: a break may be long, and a key is not kept for ever.
pub(super) const KEPT_OFF_AIR: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
