//! The directory of what must outlive a restart. Only its owner can read it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rustix::fs::{Access, access};

use crate::config::Secret;

/// An existing, private directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

impl DataDir {
    /// Makes the directory if it is missing (mode 0700) and proves that files can be written there.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let directory = Self(path.to_owned());
        directory.write(PROBE, b"")?;
        fs::remove_file(directory.0.join(PROBE))?;
        Ok(directory)
    }

    /// Whether the directory is there and this user can write to it; makes nothing.
    ///
    /// # Errors
    /// When it is there and cannot be written to, or is no directory.
    pub fn look(path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                access(path, Access::WRITE_OK | Access::EXEC_OK)?;
                Ok(true)
            }
            Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The whole file, or `None` when there is none.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.0.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the file in one step (mode 0600): readers see the old content or the new, a crash leaves one of them.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let draft = self.0.join(format!("{name}.new"));
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, self.0.join(name))
    }

    /// The secret that signs TURN credentials: made at random the first time, the same ever after.
    ///
    /// # Errors
    /// When it can neither be read nor written, or the system has no randomness.
    pub fn turn_secret(&self) -> io::Result<Secret> {
        self.kept_secret(TURN_SECRET)
    }

    /// The secret that signs the tokens of `parlor admin`: whoever can read this directory looks after the server. Made and kept as
    /// [`Self::turn_secret`].
    ///
    /// # Errors
    /// As [`Self::turn_secret`].
    pub fn admin_secret(&self) -> io::Result<Secret> {
        self.kept_secret(ADMIN_SECRET)
    }

    /// The same, where it has been made before; makes nothing.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn kept_admin_secret(path: &Path) -> io::Result<Option<Secret>> {
        let text = Self(path.to_owned()).read(ADMIN_SECRET)?;
        Ok(text
            .map(|text| Secret::new(text.trim().to_owned()))
            .filter(|secret| secret.reveal().len() == 2 * SECRET_BYTES))
    }

    fn kept_secret(&self, name: &str) -> io::Result<Secret> {
        if let Some(text) = self.read(name)? {
            let text = text.trim();
            if text.len() == 2 * SECRET_BYTES {
                self.make_private(name)?;
                return Ok(Secret::new(text.to_owned()));
            }
            tracing::warn!("{name} in {} is damaged; a new one is made", self.0.display());
        }
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let text = HEXLOWER.encode(&bytes);
        self.write(name, format!("{text}\n").as_bytes())?;
        Ok(Secret::new(text))
    }

    /// A file that was restored from a backup may have lost its mode.
    fn make_private(&self, name: &str) -> io::Result<()> {
        let path = self.0.join(name);
        let mut permissions = fs::metadata(&path)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            fs::set_permissions(&path, permissions)?;
        }
        Ok(())
    }
}

const PROBE: &str = ".probe";
const TURN_SECRET: &str = "turn.secret";
const ADMIN_SECRET: &str = "admin.secret";
const SECRET_BYTES: usize = 32;

#[cfg(test)]
mod tests;
