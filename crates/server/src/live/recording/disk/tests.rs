use std::os::unix::fs::FileExt as _;

use futures_util::FutureExt as _;
use live::record::{Config, Wanted};
use media::{Codec, Frame, Shape};
use tokio::sync::watch;
use tokio::task::yield_now;

use super::*;
use crate::config::Limit;
use crate::live::directory::{Claim, Directory, Protocol};
use crate::live::recording::index::Filter;
use crate::live::recording::session::record;

/// A thread that only does what it is told here.
fn thread() -> (tempfile::TempDir, Thread) {
    let folder = tempfile::tempdir().unwrap();
    let index = Arc::new(Index::open(&folder.path().join("index.sqlite")).unwrap());
    let retention = Retention { age_max: None, bytes_max: None };
    let path = folder.path().to_owned();
    let reserve = Reserve::new(&path);
    let settings = Settings { folder: path, index, retention, free_bytes_min: 0, hooks: None };
    let is_full = Arc::new(AtomicBool::new(false));
    let thread =
        Thread { settings, files: BTreeMap::new(), closed: Vec::new(), reserve, is_full, tick_at: clock::now() };
    (folder, thread)
}

fn session() -> Arc<Session> {
    Session::new(StreamName::new("live", "a").unwrap(), None)
}

fn job(session: &Arc<Session>, work: Work) -> Job {
    let room = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    Job { session: Arc::clone(session), work, _room: room }
}

fn parameters() -> Parameters {
    let shape = Shape::Video { width: 16, height: 16 };
    Parameters { codec: Codec::H264, decoder_configuration: Bytes::new(), shape }
}

fn begin(thread: &mut Thread, session: &Arc<Session>) {
    let video = Some(parameters());
    thread.handle(job(session, Work::Begin { format: Format::Mp4, video, audio: None, at: None }));
}

fn append(bytes: &'static [u8]) -> Work {
    Work::Append { bytes: Bytes::from_static(bytes), duration: MediaTime::from_millis(1000) }
}

fn listed(thread: &Thread) -> Vec<Recording> {
    thread.settings.index.list(&Filter::default(), 9).unwrap()
}

/// As if somebody else held the index, for as long as it is held.
fn lock(folder: &tempfile::TempDir) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(folder.path().join("index.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[test]
fn what_is_not_whole_is_cut_off_when_the_disk_fails_and_the_reason_is_entered() {
    for (kind, reason) in [(io::ErrorKind::StorageFull, "disk-full"), (io::ErrorKind::Other, "write-failed")] {
        let (folder, mut thread) = thread();
        let session = session();
        begin(&mut thread, &session);
        thread.handle(job(&session, append(b"whole")));
        let path = folder.path().join(&listed(&thread)[0].path);
        // A write that came to its end only in part.
        let torn = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        torn.write_all_at(b"to", 5).unwrap();
        thread.fail(&session, Failure::of(&kind.into()));
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        let [recording] = listed(&thread).try_into().unwrap();
        assert_eq!((recording.state, recording.reason.as_deref()), (State::Interrupted, Some(reason)));
        assert_eq!(recording.progress.bytes, 5);
        assert!(session.failure().is_some());
        thread.handle(job(&session, append(b"more")));
        assert_eq!(std::fs::read(&path).unwrap(), b"whole", "nothing more is written of it");
    }
}

#[test]
fn a_file_of_which_nothing_could_be_written_is_no_recording() {
    let (folder, mut thread) = thread();
    let session = session();
    begin(&mut thread, &session);
    let head = Work::Append { bytes: Bytes::from_static(b"head"), duration: MediaTime::ZERO };
    thread.handle(job(&session, head));
    let path = folder.path().join(&listed(&thread)[0].path);
    thread.fail(&session, Failure::DiskFull);
    assert!(listed(&thread).is_empty() && !path.exists());
}

#[test]
fn how_a_recording_ended_is_entered_as_soon_as_the_index_can_be_written() {
    let (folder, mut thread) = thread();
    let session = session();
    begin(&mut thread, &session);
    thread.handle(job(&session, append(b"whole")));
    thread.tick();
    assert!(folder.path().join("reserve").exists(), "room for the index is kept");
    let other = lock(&folder);
    thread.fail(&session, Failure::DiskFull);
    assert!(!folder.path().join("reserve").exists(), "and given away when it is needed");
    assert_eq!((listed(&thread)[0].state, thread.closed.len()), (State::Recording, 1));
    drop(other);
    thread.tick();
    assert_eq!(listed(&thread)[0].reason.as_deref(), Some("disk-full"));
    assert!(thread.closed.is_empty() && folder.path().join("reserve").exists());
}

#[tokio::test(start_paused = true)]
async fn the_queue_takes_as_much_as_its_limit_and_no_more_before_the_disk_has_done_some_of_it() {
    let (disk, queue) = Disk::new();
    let session = session();
    // With its head, a job of 1 MiB less a KiB takes 1 MiB of the queue.
    let bytes = Bytes::from(vec![0; 1024 * 1024 - 1024]);
    let output = || Output::Append { bytes: bytes.clone(), duration: MediaTime::ZERO };
    for _ in 0..QUEUE_KIB / 1024 {
        disk.write(&session, output(), None).await;
    }
    let mut one_more = std::pin::pin!(disk.write(&session, output(), None));
    assert!((&mut one_more).now_or_never().is_none());
    drop(queue.recv().unwrap());
    one_more.await;
    assert_eq!(queue.try_iter().count(), QUEUE_KIB / 1024);
}

/// A picture of half a MiB, each 25th of which is a key picture.
fn film(claim: &mut Claim, number: i64) {
    let dts = MediaTime::from_millis(number * 40);
    let data = Bytes::from(vec![0; 512 * 1024]);
    claim.publish_frame(Frame { codec: Codec::H264, pts: dts, dts, is_key: number % 25 == 0, data });
    claim.flush();
}

/// What waits, as if it were done at once.
fn drain(queue: &Receiver<Job>) -> Vec<Work> {
    queue.try_iter().map(|job| job.work).collect()
}

fn bytes_of(work: &Work) -> usize {
    if let Work::Append { bytes, .. } = work { bytes.len() } else { 0 }
}

#[tokio::test(start_paused = true)]
async fn while_the_disk_stands_still_pictures_are_lost_up_to_a_key_frame_and_what_waits_is_bounded() {
    let directory = Directory::new(Limit(0));
    let session = session();
    let mut claim = directory.claim(&session.name, Protocol::Rtmp, clock::now()).unwrap();
    claim.publish_parameters(parameters());
    film(&mut claim, 0);
    let (disk, queue) = Disk::new();
    let file_duration_max = MediaTime::from_millis(1_000_000);
    let config = Config { format: Wanted::Mp4, file_duration_max, file_bytes_max: None };
    let (stop, stopping) = watch::channel(false);
    let recording = tokio::spawn(record(Arc::clone(&session), config, directory.clone(), disk, stopping));
    // Ten seconds of 100 Mbit/s, while nothing is written.
    for number in 1..250 {
        film(&mut claim, number);
        for _ in 0..20 {
            yield_now().await;
        }
    }
    let waited: usize = drain(&queue).iter().map(bytes_of).sum();
    assert!(waited > QUEUE_KIB * 1024 / 2 && waited <= QUEUE_KIB * 1024, "{waited} bytes waited");
    // With a key frame after that it goes on in the same file.
    let mut written = Vec::new();
    for number in 250..350 {
        film(&mut claim, number);
        for _ in 0..20 {
            yield_now().await;
        }
        written.extend(drain(&queue));
    }
    stop.send_replace(true);
    while !recording.is_finished() {
        yield_now().await;
        written.extend(drain(&queue));
    }
    assert_eq!(session.gaps.load(Ordering::Relaxed), 1);
    assert!(matches!(written.last(), Some(Work::End)));
    assert!(!written.iter().any(|work| matches!(work, Work::Begin { .. })), "it is the file that was begun");
    assert!(written.iter().map(bytes_of).sum::<usize>() > 90 * 512 * 1024);
}
