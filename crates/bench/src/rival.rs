//! Who Parlor is compared with.

use std::path::Path;

use anyhow::Result;

use crate::process::Process;
use crate::{janus, nginx};

/// A server and what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rival {
    /// Its videoroom plugin.
    JanusRooms,
    /// Its streaming plugin, which takes plain RTP.
    JanusStream,
    /// Its RTMP module.
    NginxRtmp,
    /// With files on disk.
    NginxFiles,
}

impl Rival {
    /// Starts it.
    pub(crate) async fn start(self, folder: &Path) -> Result<Process> {
        match self {
            Self::JanusRooms | Self::JanusStream => janus::start(folder).await,
            Self::NginxRtmp => nginx::start_rtmp(folder).await,
            Self::NginxFiles => nginx::start_files(folder).await,
        }
    }

    /// Its name and version.
    pub(crate) fn version(self) -> Result<String> {
        match self {
            Self::JanusRooms => janus::version(),
            Self::JanusStream => Ok(janus::version()? + ", streaming"),
            Self::NginxRtmp => Ok(nginx::version()? + ", RTMP"),
            Self::NginxFiles => Ok(nginx::version()? + ", files"),
        }
    }
}
