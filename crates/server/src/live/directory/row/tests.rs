use std::sync::Arc;

use bytes::Bytes;
use live::StreamName;
use live::hub::Item;
use media::{Codec, Frame, MediaTime};
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::{Claim, Directory, PATIENCE, Protocol, ViewEnd, Viewer};
use super::{MEMBERS_MAX, Seat, Socket, joined};
use crate::clock::now;
use crate::config::Limit;
use crate::live::clients::{Client, Clients, Kind, Visit};

fn name() -> StreamName {
    StreamName::new("live", "a").expect("a name")
}

/// A stream that has begun.
fn on_air() -> (Directory, Claim) {
    let directory = Directory::new(Limit(0));
    let mut claim = directory.claim(&name(), Protocol::Rtmp, now()).expect("the name is free");
    publish(&mut claim, 0, b"x");
    (directory, claim)
}

fn publish(claim: &mut Claim, ms: i64, data: &'static [u8]) {
    let dts = MediaTime::from_millis(ms);
    claim.publish_frame(Frame { codec: Codec::Opus, pts: dts, dts, is_key: true, data: Bytes::from_static(data) });
    claim.flush();
}

/// One who has everything so far.
async fn viewer(directory: &Directory) -> Viewer {
    let mut viewer = directory.view(&name()).expect("a place");
    viewer.next(&mut Vec::new()).await.expect("the first sound");
    viewer
}

/// What comes next for one who is in no row.
async fn next(viewer: &mut Viewer) -> Bytes {
    let mut items = Vec::new();
    viewer.next(&mut items).await.expect("more");
    written(&items)
}

fn written(items: &[Arc<Item>]) -> Bytes {
    joined(items, Item::flv)
}

fn client() -> Arc<Client> {
    let visit = Visit {
        name: name(),
        kind: Kind::FlvPlay,
        address: [192, 0, 2, 1].into(),
        query: String::new(),
        tc_url: String::new(),
        page_url: String::new(),
    };
    Arc::clone(Clients::new(1, 7).enter(visit, now()).expect("there is room").client())
}

/// Our end and theirs.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let theirs = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    (listener.accept().await.expect("the other end").0, theirs)
}

fn sit(viewer: &Viewer, stream: &TcpStream, client: &Arc<Client>) -> Option<Seat> {
    viewer.sit(written, &Socket::of(stream).expect("a descriptor"), client)
}

#[tokio::test]
async fn what_is_new_goes_to_everybody_in_a_ring_and_who_leaves_goes_on_behind_it() {
    let (directory, mut publisher) = on_air();
    let (mut first, second, mut alone) = (viewer(&directory).await, viewer(&directory).await, viewer(&directory).await);
    let ((ours, mut theirs), (other_ours, mut other_theirs)) = (connection().await, connection().await);
    let watcher = client();
    let seat = sit(&first, &ours, &watcher).expect("the viewer has everything");
    let other_seat = sit(&second, &other_ours, &client()).expect("both are at the same place");
    assert!(Arc::ptr_eq(&seat.row, &other_seat.row), "one task writes to both");
    publish(&mut publisher, 20, b"second");
    let expected = next(&mut alone).await;
    for end in [&mut theirs, &mut other_theirs] {
        let mut came = vec![0; expected.len()];
        end.read_exact(&mut came).await.expect("what is new");
        assert_eq!(came, expected);
    }
    assert_eq!(watcher.bytes().sent, expected.len() as u64);
    let back = seat.leave().expect("the row knows where it is");
    assert_eq!(first.rise(back), Ok(Bytes::new()), "nothing is left to write");
    publish(&mut publisher, 40, b"third");
    let expected = next(&mut alone).await;
    let mut came = vec![0; expected.len()];
    other_theirs.read_exact(&mut came).await.expect("the other is still in it");
    assert_eq!(came, expected);
    let nothing = theirs.try_read(&mut [0]).expect_err("nobody writes to who has left");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(next(&mut first).await, expected);
    drop(other_seat);
    publish(&mut publisher, 60, b"fourth");
    assert!(sit(&second, &other_ours, &client()).is_none(), "it does not know what it was told");
}

#[tokio::test]
async fn who_does_not_take_everything_gets_the_rest_back_and_misses_nothing() {
    static LONG: [u8; 1_000_000] = [7; 1_000_000];
    let (directory, mut publisher) = on_air();
    let (mut slow, mut alone) = (viewer(&directory).await, viewer(&directory).await);
    let (mut ours, mut theirs) = connection().await;
    SockRef::from(&ours).set_send_buffer_size(64 * 1024).expect("a size");
    let watcher = client();
    let mut seat = sit(&slow, &ours, &watcher).expect("the viewer has everything");
    publish(&mut publisher, 20, &LONG);
    let back = seat.back().await.expect("the socket is full");
    let rest = slow.rise(back).expect("it may go on");
    let expected = next(&mut alone).await;
    assert!(!rest.is_empty() && rest.len() < expected.len(), "{} of {} bytes are left", rest.len(), expected.len());
    assert_eq!(watcher.bytes().sent, (expected.len() - rest.len()) as u64, "the rest counts when it is written");
    let mut came = vec![0; expected.len()];
    let (wrote, read) = tokio::join!(ours.write_all(&rest), theirs.read_exact(&mut came));
    wrote.expect("they read");
    read.expect("we write");
    assert!(came == expected, "a byte is missing or there twice");
    assert!(sit(&slow, &ours, &watcher).is_some(), "then it has everything again");
}

#[tokio::test]
async fn a_ring_has_so_many_members_and_who_comes_then_sits_in_another() {
    let (directory, _publisher) = on_air();
    let (viewer, watcher) = (viewer(&directory).await, client());
    let (ours, _theirs) = connection().await;
    let socket = Socket::of(&ours).expect("a descriptor");
    let seats: Vec<Seat> = (0..=MEMBERS_MAX).filter_map(|_| viewer.sit(written, &socket, &watcher)).collect();
    assert_eq!(seats.len(), MEMBERS_MAX + 1);
    let of_first = seats.iter().filter(|seat| Arc::ptr_eq(&seat.row, &seats[0].row)).count();
    assert_eq!(of_first, MEMBERS_MAX);
}

#[tokio::test]
async fn who_has_not_got_everything_sits_nowhere() {
    let (directory, mut publisher) = on_air();
    let (behind, watcher) = (viewer(&directory).await, client());
    let (ours, _theirs) = connection().await;
    publish(&mut publisher, 20, b"second");
    assert!(sit(&behind, &ours, &watcher).is_none());
    let not_begun = directory.view(&name()).expect("a place");
    assert!(sit(&not_begun, &ours, &watcher).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_ring_to_which_nothing_comes_lets_its_viewers_go() {
    let (directory, _publisher) = on_air();
    let (mut idle, (ours, _theirs)) = (viewer(&directory).await, connection().await);
    let mut seat = sit(&idle, &ours, &client()).expect("the viewer has everything");
    let since = tokio::time::Instant::now();
    let back = seat.back().await.expect("nothing comes");
    assert_eq!((idle.rise(back), since.elapsed()), (Err(ViewEnd::Silence), PATIENCE));
}
