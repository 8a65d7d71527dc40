//! How many files and sockets this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to `files`, for this process and those that it starts; where only root may, as far as others may. Whoever finds no room
/// for a socket says so itself.
pub fn raise_open_files(files: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= files);
    if !enough(current) {
        let wanted = if enough(maximum) { maximum } else { Some(files) };
        if setrlimit(Resource::Nofile, Rlimit { current: wanted, maximum: wanted }).is_err() {
            let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        }
    }
}
