//! Room that is kept for the index: when the disk is full, it must still be told why recordings have ended.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file that is nothing but large.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    is_there: bool,
}

impl Reserve {
    /// In the folder of recordings; there is none before [`Self::refill`].
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: folder.join(NAME), is_there: false }
    }

    /// Takes the room again, if it is not taken and there is some.
    pub(super) fn refill(&mut self) {
        if self.is_there {
            return;
        }
        self.is_there = self.write().is_ok();
        if !self.is_there {
            self.spend();
        }
    }

    /// Gives the room away.
    pub(super) fn spend(&mut self) {
        self.is_there = false;
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("{} cannot be deleted: {error}", self.path.display());
        }
    }

    fn write(&self) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
        file.write_all(&vec![0; BYTES])?;
        file.sync_data()
    }
}

const NAME: &str = "reserve";
/// Some forty recordings that end at once, each a few pages of the index and its log.
const BYTES: usize = 1024 * 1024;
