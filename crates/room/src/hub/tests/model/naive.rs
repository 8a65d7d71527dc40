//! Rooms as a list of seats: no indexes, no limits but three, every rule where it is read first.

use std::{
    collections::BTreeMap,
    mem,
    time::{Duration, Instant},
};

use serde_json::Value;

pub(super) const ROOMS_PER_CONNECTION: u32 = 2;
/// Members of a room, while their media goes from one to the other and altogether.
const PEERS: usize = 2;
pub(super) const MEMBERS: u32 = 3;
const GRACE: Duration = Duration::from_secs(30);
const SETTLE: Duration = Duration::from_secs(5);
const TURN: Duration = Duration::from_secs(15);
/// Who hears what the media server is asked.
pub(super) const MEDIA: usize = usize::MAX;

/// What somebody hears, without the details that other tests check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    NewPeer(String),
    RespJoin(String),
    Joined {
        resumed: bool,
        sfu: bool,
        roster: Vec<String>,
    },
    PeerLeave(String),
    PeerState(String, bool),
    Offer(String),
    Chat(String),
    Mode(bool),
    Role(String),
    Moderated,
    /// To the media server: an offer of this member, and the end of its place there.
    MediaOffer(String),
    MediaClose(String),
    Error(u64),
    Closed(u16),
}

impl Event {
    pub(super) fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        match value["cmd"].as_str() {
            Some("new-peer") => Self::NewPeer(text("remoteUid")),
            Some("resp-join") => Self::RespJoin(text("remoteUid")),
            Some("joined") => Self::Joined {
                resumed: value["resumed"] == true,
                sfu: value["mode"] == "sfu",
                roster: value["roster"]
                    .as_array()
                    .expect("a roster")
                    .iter()
                    .map(|peer| super::name(&peer["uid"]))
                    .collect(),
            },
            Some("peer-leave") => Self::PeerLeave(text("remoteUid")),
            Some("peer-state") => Self::PeerState(text("remoteUid"), value["connection"] == "online"),
            Some("offer") => Self::Offer(text("uid")),
            Some("chat") => Self::Chat(text("uid")),
            Some("mode") => Self::Mode(value["mode"] == "sfu"),
            Some("role") => Self::Role(text("remoteUid")),
            Some("moderated") => Self::Moderated,
            Some("error") => Self::Error(value["code"].as_u64().expect("a code")),
            other => panic!("nobody should hear {other:?}"),
        }
    }
}

/// A member.
#[derive(Clone, Debug)]
struct Seat {
    room: u8,
    uid: u8,
    v2: bool,
    /// Who sits there; nobody while reconnecting.
    conn: Option<usize>,
    until: Instant,
    queue: Vec<Event>,
    host: bool,
    /// The media server has had an offer.
    media: bool,
}

/// Which way the media of a room goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    Sfu { offers_until: Instant, settle: Option<Instant> },
    Draining(Instant),
}

/// What time brings, in the order in which it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Grace(u8, u8),
    Settle(u8),
    Drain(u8),
}

pub(super) struct Naive {
    now: Instant,
    /// Open connections: whether they speak v2.
    conns: BTreeMap<usize, bool>,
    /// In the order in which they were taken.
    seats: Vec<Seat>,
    /// Of rooms whose media does not just go from member to member.
    ways: BTreeMap<u8, Way>,
    heardings: super::Heardings,
}

impl Naive {
    pub(super) fn new(now: Instant) -> Self {
        Self { now, conns: BTreeMap::new(), seats: Vec::new(), ways: BTreeMap::new(), heardings: BTreeMap::new() }
    }

    pub(super) fn open(&mut self, conn: usize) {
        self.conns.insert(conn, false);
    }

    pub(super) fn close(&mut self, conn: usize) {
        self.conns.remove(&conn);
        for seat in self.seats.clone().into_iter().filter(|seat| seat.conn == Some(conn)) {
            if seat.v2 {
                let until = self.now + GRACE;
                let own = self.seat_mut(seat.room, seat.uid).expect("it was there");
                (own.conn, own.until) = (None, until);
                self.tell_state(seat.room, seat.uid, false);
            } else {
                self.unseat(seat.room, seat.uid);
            }
        }
    }

    pub(super) fn wait_until(&mut self, now: Instant) {
        while let Some((at, due)) = self.due().into_iter().filter(|(at, _)| *at <= now).min() {
            self.now = at;
            match due {
                Due::Grace(room, who) => self.unseat(room, who),
                Due::Settle(room) => self.settle(room),
                Due::Drain(room) => self.drain(room),
            }
        }
        self.now = now;
    }

    fn due(&self) -> Vec<(Instant, Due)> {
        let away = self.seats.iter().filter(|seat| seat.conn.is_none());
        let mut due: Vec<_> = away.map(|seat| (seat.until, Due::Grace(seat.room, seat.uid))).collect();
        for (&room, way) in &self.ways {
            match way {
                Way::Sfu { settle, .. } => due.extend(settle.map(|at| (at, Due::Settle(room)))),
                Way::Draining(until) => due.push((*until, Due::Drain(room))),
            }
        }
        due
    }

    pub(super) fn join(&mut self, conn: usize, room: u8, who: u8, wants_v2: bool, resume: bool) {
        let Some(v2) = self.conns.get_mut(&conn) else { return };
        if wants_v2 && !mem::replace(v2, true) {
            self.leave_all(conn);
        }
        let v2 = self.conns[&conn];
        let rooms = self.seats.iter().filter(|seat| seat.conn == Some(conn)).count();
        let space = rooms < ROOMS_PER_CONNECTION as usize;
        let own = self.seats.iter().find(|seat| seat.room == room && seat.conn == Some(conn)).cloned();
        let same = self.seats.iter().find(|seat| seat.room == room && seat.uid == who).cloned();
        let elsewhere = own.as_ref().is_some_and(|own| own.uid != who);
        if resume
            && let Some(seat) = same.as_ref().filter(|seat| seat.v2)
            && !elsewhere
            && (space || own.is_some())
        {
            return self.resume(conn, seat);
        }
        if own.as_ref().is_some_and(|own| own.uid == who) {
            return self.greet(conn, room, who, false);
        }
        let others = self.seats.iter().filter(|seat| seat.room == room).count() - usize::from(own.is_some());
        let full = others >= MEMBERS as usize;
        let grows = self.seats.iter().all(|seat| seat.room != room || seat.v2) && v2 && !full;
        let error = match (same.is_some(), self.is_sfu(room)) {
            (true, _) => Some(101),
            (false, true) if !v2 => Some(108),
            (false, true) if full => Some(1),
            (false, false) if others >= PEERS && !grows => Some(1),
            (false, _) if v2 && own.is_none() && !space => Some(109),
            (false, _) => None,
        };
        if let Some(code) = error {
            return self.hear(conn, room, Event::Error(code));
        }
        if let Some(own) = own {
            self.give_up(room, own.uid);
        }
        if !v2 {
            self.leave_all(conn);
        }
        if others >= PEERS && !self.is_sfu(room) {
            self.ways.insert(room, Way::Sfu { offers_until: self.now + TURN, settle: None });
            self.tell_online(room, &Event::Mode(true));
        }
        let host = v2 && !self.seats.iter().any(|seat| seat.room == room && seat.host);
        self.tell(room, who, &Event::NewPeer(uid(who)));
        let (until, queue) = (self.now, Vec::new());
        self.seats.push(Seat { room, uid: who, v2, conn: Some(conn), until, queue, host, media: false });
        self.reconsider(room);
        self.greet(conn, room, who, false);
    }

    pub(super) fn leave(&mut self, conn: usize, room: u8) {
        if let Some(seat) = self.seat_of(conn, room) {
            self.unseat(room, seat.uid);
        }
    }

    pub(super) fn offer(&mut self, conn: usize, room: u8, claimed: u8, to: u8) {
        let Some(own) = self.seat_or_error(conn, room) else { return };
        let late = matches!(self.ways.get(&room), Some(Way::Sfu { offers_until, .. }) if *offers_until <= self.now);
        if own.uid != claimed {
            self.hear(conn, room, Event::Error(2));
        } else if late {
            self.hear(conn, room, Event::Error(111));
        } else if own.uid == to || self.seat_mut(room, to).is_none() {
            self.hear(conn, room, Event::Error(6));
        } else {
            self.tell_one(room, to, Event::Offer(uid(claimed)));
        }
    }

    pub(super) fn offer_to_media(&mut self, conn: usize, room: u8, claimed: u8) {
        let Some(own) = self.seat_or_error(conn, room) else { return };
        if own.uid != claimed {
            self.hear(conn, room, Event::Error(2));
        } else if self.is_sfu(room) {
            self.seat_mut(room, own.uid).expect("it was there").media = true;
            self.hear(MEDIA, room, Event::MediaOffer(uid(own.uid)));
        } else {
            self.hear(conn, room, Event::Error(111));
        }
    }

    pub(super) fn remove(&mut self, conn: usize, room: u8, whom: u8) {
        if self.conns.get(&conn) != Some(&true) {
            return;
        }
        let Some(own) = self.seat_or_error(conn, room) else { return };
        let Some(seat) = self.seat_mut(room, whom).cloned().filter(|_| own.host && own.uid != whom) else {
            return self.hear(conn, room, Event::Error(if own.host { 6 } else { 110 }));
        };
        if seat.v2 {
            self.tell_one(room, whom, Event::Moderated);
        } else {
            let others: Vec<u8> = self.others(room, whom).map(|seat| seat.uid).collect();
            for other in others {
                self.tell_one(room, whom, Event::PeerLeave(uid(other)));
            }
        }
        self.unseat(room, whom);
    }

    pub(super) fn chat(&mut self, conn: usize, room: u8) {
        if self.conns.get(&conn) == Some(&true)
            && let Some(own) = self.seat_or_error(conn, room)
        {
            self.tell_v2(room, own.uid, &Event::Chat(uid(own.uid)));
        }
    }

    pub(super) fn state(&mut self, conn: usize, room: u8) {
        if self.conns.get(&conn) == Some(&true)
            && let Some(own) = self.seat_or_error(conn, room)
        {
            self.tell_state(room, own.uid, true);
        }
    }

    pub(super) fn stats(&self) -> (usize, usize, usize) {
        let rooms: std::collections::BTreeSet<u8> = self.seats.iter().map(|seat| seat.room).collect();
        let away = self.seats.iter().filter(|seat| seat.conn.is_none()).count();
        (rooms.len(), self.seats.len(), away)
    }

    /// What was heard since the last time. Frames of dialect A do not say their room.
    pub(super) fn take_heardings(&mut self) -> super::Heardings {
        mem::take(&mut self.heardings)
    }

    fn resume(&mut self, conn: usize, seat: &Seat) {
        let own = self.seat_mut(seat.room, seat.uid).expect("it was there");
        let former = own.conn.replace(conn);
        let queue = mem::take(&mut own.queue);
        self.greet(conn, seat.room, seat.uid, true);
        for event in queue {
            self.tell_one(seat.room, seat.uid, event);
        }
        if let Some(old) = former.filter(|old| *old != conn)
            && !self.seats.iter().any(|seat| seat.conn == Some(old))
        {
            self.conns.remove(&old);
            self.heardings.entry((old, String::new())).or_default().push(Event::Closed(4001));
        }
        self.tell_state(seat.room, seat.uid, true);
    }

    fn greet(&mut self, conn: usize, room: u8, who: u8, resumed: bool) {
        let others = self.seats.iter().filter(|seat| seat.room == room && seat.uid != who);
        let roster: Vec<String> = others.map(|seat| uid(seat.uid)).collect();
        if self.conns[&conn] {
            let sfu = self.is_sfu(room);
            self.hear(conn, room, Event::Joined { resumed, sfu, roster });
        } else {
            for other in roster {
                self.tell_one(room, who, Event::RespJoin(other));
            }
        }
    }

    fn leave_all(&mut self, conn: usize) {
        for seat in self.seats.clone().into_iter().filter(|seat| seat.conn == Some(conn)) {
            self.unseat(seat.room, seat.uid);
        }
    }

    fn unseat(&mut self, room: u8, who: u8) {
        self.give_up(room, who);
        if !self.seats.iter().any(|seat| seat.room == room) {
            self.ways.remove(&room);
        }
    }

    /// Another seat is taken for this one at once, so the room goes on.
    fn give_up(&mut self, room: u8, who: u8) {
        self.close_media(room, |seat| seat.uid == who);
        self.seats.retain(|seat| (seat.room, seat.uid) != (room, who));
        self.tell(room, who, &Event::PeerLeave(uid(who)));
        if !self.seats.iter().any(|seat| seat.room == room) {
            return;
        }
        if !self.seats.iter().any(|seat| seat.room == room && seat.host)
            && let Some(heir) = self.seats.iter_mut().find(|seat| seat.room == room && seat.v2)
        {
            heir.host = true;
            let heir = uid(heir.uid);
            self.tell_online(room, &Event::Role(heir));
        }
        self.reconsider(room);
    }

    fn close_media(&mut self, room: u8, whose: impl Fn(&Seat) -> bool) {
        let mut closed = Vec::new();
        for seat in self.seats.iter_mut().filter(|seat| seat.room == room && seat.media && whose(seat)) {
            seat.media = false;
            closed.push(Event::MediaClose(uid(seat.uid)));
        }
        closed.into_iter().for_each(|event| self.hear(MEDIA, room, event));
    }

    fn is_sfu(&self, room: u8) -> bool {
        matches!(self.ways.get(&room), Some(Way::Sfu { .. }))
    }

    /// A room of two through the server waits for its turn, a greater one does not.
    fn reconsider(&mut self, room: u8) {
        let small = self.seats.iter().filter(|seat| seat.room == room).count() <= PEERS;
        let at = self.now + SETTLE;
        if let Some(Way::Sfu { settle, .. }) = self.ways.get_mut(&room) {
            *settle = small.then(|| settle.unwrap_or(at));
        }
    }

    fn settle(&mut self, room: u8) {
        if let Some(Way::Sfu { settle, .. }) = self.ways.get_mut(&room) {
            *settle = None;
        }
        if self.seats.iter().any(|seat| seat.room == room && seat.conn.is_none()) {
            return self.reconsider(room);
        }
        self.ways.insert(room, Way::Draining(self.now + TURN));
        self.tell_online(room, &Event::Mode(false));
    }

    fn drain(&mut self, room: u8) {
        self.ways.remove(&room);
        self.close_media(room, |_| true);
    }

    /// Tells v2 members that are there; the others learn it from `joined`.
    fn tell_online(&mut self, room: u8, event: &Event) {
        let there = |seat: &&Seat| seat.room == room && seat.v2 && seat.conn.is_some();
        let there: Vec<u8> = self.seats.iter().filter(there).map(|seat| seat.uid).collect();
        for one in there {
            self.tell_one(room, one, event.clone());
        }
    }

    fn tell(&mut self, room: u8, except: u8, event: &Event) {
        let others: Vec<u8> = self.others(room, except).map(|seat| seat.uid).collect();
        for other in others {
            self.tell_one(room, other, event.clone());
        }
    }

    fn tell_v2(&mut self, room: u8, except: u8, event: &Event) {
        let others: Vec<u8> = self.others(room, except).filter(|seat| seat.v2).map(|seat| seat.uid).collect();
        for other in others {
            self.tell_one(room, other, event.clone());
        }
    }

    fn tell_state(&mut self, room: u8, whose: u8, online: bool) {
        let there = |seat: &&Seat| seat.v2 && seat.conn.is_some();
        let others: Vec<u8> = self.others(room, whose).filter(there).map(|seat| seat.uid).collect();
        for other in others {
            self.tell_one(room, other, Event::PeerState(uid(whose), online));
        }
    }

    fn tell_one(&mut self, room: u8, to: u8, event: Event) {
        let Some(seat) = self.seat_mut(room, to) else { return };
        let Some(conn) = seat.conn else { return keep(&mut seat.queue, event) };
        // In dialect A only errors and forwarded frames name their room.
        let silent = !seat.v2 && !matches!(event, Event::Offer(_));
        let room = if silent { String::new() } else { format!("r{room}") };
        self.heardings.entry((conn, room)).or_default().push(event);
    }

    fn hear(&mut self, conn: usize, room: u8, event: Event) {
        self.heardings.entry((conn, format!("r{room}"))).or_default().push(event);
    }

    fn others(&self, room: u8, except: u8) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.room == room && seat.uid != except)
    }

    fn seat_mut(&mut self, room: u8, who: u8) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| (seat.room, seat.uid) == (room, who))
    }

    fn seat_of(&self, conn: usize, room: u8) -> Option<Seat> {
        self.seats.iter().find(|seat| seat.room == room && seat.conn == Some(conn)).cloned()
    }

    fn seat_or_error(&mut self, conn: usize, room: u8) -> Option<Seat> {
        let own = self.seat_of(conn, room);
        if own.is_none() && self.conns.contains_key(&conn) {
            self.hear(conn, room, Event::Error(102));
        }
        own
    }
}

/// Who has gone takes along what it offered, and that it had come.
fn keep(queue: &mut Vec<Event>, event: Event) {
    if let Event::PeerLeave(gone) = &event {
        let came = queue.contains(&Event::NewPeer(gone.clone()));
        queue.retain(|kept| *kept != Event::NewPeer(gone.clone()) && *kept != Event::Offer(gone.clone()));
        if came {
            return;
        }
    }
    queue.push(event);
}

fn uid(number: u8) -> String {
    format!("u{number}")
}
