//! The one clock. Every other module is given the time; only this file asks for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// The monotonic time, for deadlines and intervals.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one clock of the server")]
pub fn now() -> Instant {
    Instant::now()
}

/// Lets so much time pass, and the little more that the kernel takes to wake a thread.
pub fn nap(time: Duration) {
    let time = rustix::time::Timespec { tv_sec: 0, tv_nsec: i64::from(time.subsec_nanos()) };
    // One that is cut short has been a nap, too.
    let _ = rustix::thread::nanosleep(&time);
}

/// The time since the Unix epoch, for expiries that leave this process. Zero when the machine's clock is set before 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one clock of the server")]
pub fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO)
}

/// How long the calling thread has had a processor.
#[must_use]
pub fn thread_time() -> Duration {
    spent(ClockId::ThreadCPUTime)
}

/// How long the threads of this process have had processors, together.
#[must_use]
pub fn process_time() -> Duration {
    spent(ClockId::ProcessCPUTime)
}

fn spent(clock: ClockId) -> Duration {
    // Neither part is ever negative.
    let spent = clock_gettime(clock);
    let (seconds, nanoseconds) = (u64::try_from(spent.tv_sec), u32::try_from(spent.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}
