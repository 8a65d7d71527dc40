//! Who publishes and who views live streams at this moment, whatever the protocol: the one list of them. Each session holds its [`Presence`] and is
//! on the list as long as that lives. Bytes are counted without a lock; rates are reckoned when somebody reads them.

mod census;
mod client;
mod rate;
mod stream;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use live::StreamName;
use tokio::sync::watch;

pub(crate) use census::Census;
pub(crate) use client::{Client, ClientId, Kind, Visit};
pub(crate) use rate::Kbps;
pub(crate) use stream::{Figures, StreamId};

use rate::{Bytes, Rate};

use super::hooks::{Farewells, Hook, Hooks};
use crate::latency::Latency;
use crate::media::Weighed;

/// All of them. Clones are the same list.
#[derive(Debug, Clone)]
pub(crate) struct Clients(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients_max: usize,
    table: Mutex<Table>,
    /// Numbers clients; begins at another place after every start, so that a number of yesterday means nobody.
    next: AtomicU64,
    /// Tells those who hold many presences that one of them is to end.
    endings: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Table {
    /// At most `clients_max`.
    clients: BTreeMap<ClientId, Arc<Client>>,
    /// Those with a client.
    streams: BTreeMap<StreamName, Tally>,
    /// How many have come, by kind.
    arrived: BTreeMap<Kind, u64>,
    /// What went with those who have gone, and what went to nobody in particular, by kind.
    gone: BTreeMap<Kind, Bytes>,
    /// How long those waited who have got something, by kind.
    joins: BTreeMap<Kind, Latency>,
}

/// What is known of a stream beside its clients.
#[derive(Debug)]
struct Tally {
    publishers: usize,
    viewers: usize,
    /// What went with those who have gone, and what went to nobody in particular.
    gone: Bytes,
    rate: Rate,
}

/// A client's place on the list; given back when dropped.
#[derive(Debug)]
pub(crate) struct Presence {
    clients: Clients,
    client: Arc<Client>,
    ended: watch::Receiver<bool>,
    farewells: Option<Farewells>,
    has_joined: bool,
}

/// There are as many as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} clients are there, which is the limit of this server")]
pub(crate) struct Full(pub(crate) usize);

/// How many are on a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Audience {
    /// One at most, except for the moment in which one follows the other.
    pub(crate) publishers: usize,
    /// Of every protocol.
    pub(crate) viewers: usize,
}

impl Clients {
    /// Nobody yet; `first` is where the numbers begin.
    pub(crate) fn new(clients_max: usize, first: u32) -> Self {
        let next = AtomicU64::new(u64::from(first) << 32);
        let endings = watch::Sender::new(());
        Self(Arc::new(Inner { clients_max, table: Mutex::default(), next, endings }))
    }

    /// Puts a client on the list.
    ///
    /// # Errors
    /// [`Full`].
    pub(crate) fn enter(&self, visit: Visit, now: Instant) -> Result<Presence, Full> {
        let mut table = self.table();
        if table.clients.len() >= self.0.clients_max {
            return Err(Full(table.clients.len()));
        }
        let id = ClientId(self.0.next.fetch_add(1, Ordering::Relaxed));
        let (ending, ended) = watch::channel(false);
        let client = Arc::new(Client::new(id, visit, now, ending));
        table.clients.insert(id, Arc::clone(&client));
        *table.arrived.entry(client.kind()).or_default() += 1;
        let tally = table.streams.entry(client.name().clone());
        let tally =
            tally.or_insert_with(|| Tally { publishers: 0, viewers: 0, gone: Bytes::default(), rate: Rate::new(now) });
        *tally.of(client.kind()) += 1;
        Ok(Presence { clients: self.clone(), client, ended, farewells: None, has_joined: false })
    }

    /// Counts bytes that went to the viewers of a stream, of that kind, and not to one of them alone.
    pub(crate) fn count_shared(&self, name: &StreamName, kind: Kind, sent: usize) {
        let bytes = Bytes { received: 0, sent: u64::try_from(sent).unwrap_or(u64::MAX) };
        let mut table = self.table();
        *table.gone.entry(kind).or_default() += bytes;
        if let Some(tally) = table.streams.get_mut(name) {
            tally.gone += bytes;
        }
    }

    /// Those who are there, in the order of their coming.
    pub(crate) fn list(&self) -> Vec<Arc<Client>> {
        self.table().clients.values().cloned().collect()
    }

    /// The client of that number.
    pub(crate) fn find(&self, id: ClientId) -> Option<Arc<Client>> {
        self.table().clients.get(&id).cloned()
    }

    /// Who publishes the stream; the last to come, where one follows the other.
    pub(crate) fn publisher(&self, name: &StreamName) -> Option<Arc<Client>> {
        let table = self.table();
        let mut last_first = table.clients.values().rev();
        last_first.find(|client| client.kind().publishes() && client.name() == name).cloned()
    }

    /// Has the session of a client end. False: there is no such client.
    pub(crate) fn end(&self, id: ClientId) -> bool {
        let Some(client) = self.find(id) else { return false };
        client.end();
        self.0.endings.send_replace(());
        true
    }

    /// Has the sessions of all who view a stream end.
    pub(crate) fn end_viewers(&self, name: &StreamName) {
        let table = self.table();
        for client in table.clients.values().filter(|client| client.name() == name && !client.kind().publishes()) {
            client.end();
        }
        drop(table);
        self.0.endings.send_replace(());
    }

    /// Changes whenever a client was [ended](Self::end), for those who hold many presences.
    pub(crate) fn endings(&self) -> watch::Receiver<()> {
        self.0.endings.subscribe()
    }

    /// How many publish and view a stream.
    pub(crate) fn audience(&self, name: &StreamName) -> Audience {
        self.table().streams.get(name).map_or_else(Audience::default, Tally::audience)
    }

    /// The streams that somebody publishes or views, with what flows in them.
    pub(crate) fn streams(&self, now: Instant) -> BTreeMap<StreamName, Figures> {
        let mut table = self.table();
        let mut bytes: BTreeMap<StreamName, Bytes> = BTreeMap::new();
        for client in table.clients.values() {
            *bytes.entry(client.name().clone()).or_default() += client.bytes();
        }
        let figures = |(name, tally): (&StreamName, &mut Tally)| {
            let mut bytes = bytes.remove(name).unwrap_or_default();
            bytes += tally.gone;
            (name.clone(), Figures { audience: tally.audience(), bytes, kbps: tally.rate.reckon(now, bytes) })
        };
        table.streams.iter_mut().map(figures).collect()
    }

    /// By kind: how many are there, how many have come since the start, and what went with all of them.
    pub(crate) fn kinds(&self) -> BTreeMap<Kind, (u64, u64, Bytes)> {
        let table = self.table();
        let mut kinds: BTreeMap<Kind, (u64, u64, Bytes)> = BTreeMap::new();
        for (kind, arrived) in &table.arrived {
            kinds.insert(*kind, (0, *arrived, table.gone.get(kind).copied().unwrap_or_default()));
        }
        for client in table.clients.values() {
            let (present, _, bytes) = kinds.entry(client.kind()).or_default();
            *present += 1;
            *bytes += client.bytes();
        }
        kinds
    }

    /// Takes a sample of every rate, so that they are those of the last half minute whenever they are read; and what the media workers have counted
    /// for the clients whose packets they see.
    pub(crate) fn sample(&self, now: Instant, weighed: &Weighed) {
        for client in self.list() {
            if let Some(weight) = client.media_peer().and_then(|peer| weighed.get(&peer)) {
                client.note_bytes(weight.received_bytes, weight.sent_bytes);
            }
            client.kbps(now);
        }
        self.streams(now);
    }

    /// How long viewers of that kind waited for their first bytes.
    pub(crate) fn joins(&self, kind: Kind) -> Latency {
        self.table().joins.get(&kind).copied().unwrap_or_default()
    }

    fn leave(&self, client: &Client) {
        let mut table = self.table();
        table.clients.remove(&client.id());
        *table.gone.entry(client.kind()).or_default() += client.bytes();
        if let Some(tally) = table.streams.get_mut(client.name()) {
            tally.gone += client.bytes();
            let count = tally.of(client.kind());
            *count = count.saturating_sub(1);
            if tally.publishers == 0 && tally.viewers == 0 {
                table.streams.remove(client.name());
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    fn of(&mut self, kind: Kind) -> &mut usize {
        if kind.publishes() { &mut self.publishers } else { &mut self.viewers }
    }

    fn audience(&self) -> Audience {
        Audience { publishers: self.publishers, viewers: self.viewers }
    }
}

impl Presence {
    /// Counts bytes of the stream that are on their way to it; from the first of them on it has joined.
    pub(crate) fn count_sent(&mut self, now: Instant, bytes: usize) {
        self.client.count_sent(bytes);
        if bytes > 0 && !self.has_joined {
            self.has_joined = true;
            let took = now.saturating_duration_since(self.client.since());
            self.clients.table().joins.entry(self.client.kind()).or_default().count(took);
        }
    }

    /// Has the programs told when it ends, before what was promised earlier.
    pub(crate) fn promise(&mut self, hooks: &Hooks, told: Hook) {
        self.farewells.get_or_insert_with(|| Farewells::new(hooks.clone())).add(told);
    }

    /// The programs do not want to hear of it.
    pub(crate) fn withdraw(&mut self, told: Hook) {
        if let Some(farewells) = &mut self.farewells {
            farewells.remove(told);
        }
    }

    /// Whose it is.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Waits until somebody wants the session to end.
    pub(crate) async fn ended(&mut self) {
        // The client itself holds the sender, so it is not closed.
        let _ = self.ended.wait_for(|ended| *ended).await;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.clients.leave(&self.client);
        if let Some(farewells) = &self.farewells {
            farewells.tell(&self.client);
        }
    }
}

/// Clients in all. Each protocol has narrower limits of its own; this is what all of them may have together: some 100 MB.
pub(crate) const CLIENTS_MAX: usize = 131_072;

#[cfg(test)]
mod tests;
