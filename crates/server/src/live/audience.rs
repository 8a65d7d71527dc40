//! How many watch each room, told to the room: its members see that they are watched.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::interval;

use super::clients::Clients;
use super::shows::{Shows, room_of};
use crate::signal::Signal;

/// Counts and tells, for as long as there are rooms.
pub(crate) async fn watch(shows: Shows, clients: Clients, signal: Signal) {
    let mut told = BTreeMap::<String, u32>::new();
    let mut ticks = interval(EVERY);
    loop {
        ticks.tick().await;
        let counted = count(&shows, &clients);
        let news = changed(&told, &counted);
        if !news.is_empty() && !signal.tell_audience(news).await {
            return;
        }
        told = counted;
    }
}

/// Who watches which room, by whatever protocol and whatever part of it. Who watches two parts counts twice.
fn count(shows: &Shows, clients: &Clients) -> BTreeMap<String, u32> {
    let mut rooms = BTreeMap::<String, u32>::new();
    for name in shows.all().keys() {
        let Some(room) = room_of(name) else { continue };
        let viewers = u32::try_from(clients.audience(name).viewers).unwrap_or(u32::MAX);
        let sum = rooms.entry(room.to_owned()).or_default();
        *sum = sum.saturating_add(viewers);
    }
    rooms
}

/// What a room does not know yet. Nobody watches one that shows nothing.
fn changed(told: &BTreeMap<String, u32>, counted: &BTreeMap<String, u32>) -> Vec<(String, u32)> {
    let of = |rooms: &BTreeMap<String, u32>, room: &str| rooms.get(room).copied().unwrap_or(0);
    let rooms: BTreeSet<&String> = told.keys().chain(counted.keys()).collect();
    let news = rooms.into_iter().filter(|room| of(told, room) != of(counted, room));
    news.map(|room| (room.clone(), of(counted, room))).collect()
}

/// As often as people look at such a number.
const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
