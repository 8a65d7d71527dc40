//! Bytes from several clients as frames: no line of them may crash, or make the hub send what is no frame.

use room::{Config, ConnId};

use crate::watched_hub::WatchedHub;

/// Each line is one frame; its first byte says from which of four connections, which is opened again when it is gone.
pub fn run(data: &[u8]) {
    let mut config = Config::default();
    config.limits.frame_bytes = 4096;
    config.limits.resume_messages = 4;
    let mut watched = WatchedHub::new(config);
    let mut conns: [Option<ConnId>; 4] = [None; 4];
    for line in data.split(|byte| *byte == b'\n').take(LINES_MAX) {
        let Some((first, frame)) = line.split_first() else { continue };
        let Some(slot) = conns.get_mut(usize::from(first % 4)) else { continue };
        if frame.is_empty() {
            if let Some(conn) = slot.take() {
                watched.close(conn);
            }
            continue;
        }
        if slot.is_none() {
            *slot = watched.open(None, first % 8 >= 4);
        }
        if let Some(conn) = *slot {
            watched.send(conn, frame);
        }
        if watched.hub.stats().connections < conns.iter().flatten().count() {
            // The hub has closed the one that spoke, or one that it took over.
            conns = conns.map(|conn| conn.filter(|conn| watched.is_open(*conn)));
        }
    }
    watched.end();
}

/// More lines find nothing more, and slowly.
const LINES_MAX: usize = 256;
