//! How many files and sockets this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: every call leg that is relayed has a socket, and the usual soft limit of 1024 is soon used up.
/// Says the limit in force; `None` is no limit.
#[must_use]
pub fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: maximum, maximum };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!("the limit of open files stays at {current:?}: {error}");
            current
        }
    }
}

/// How many a server that is started from here may have open: the hard limit. `None` is no limit.
#[must_use]
pub fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}
