//! Who Parlor is compared with.

use std::path::Path;

use anyhow::Result;

use crate::binaries::Binaries;
use crate::process::Process;
use crate::{coturn, janus, nginx};

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
    /// A TURN server.
    Coturn,
}

impl Rival {
    /// Starts it.
    pub(crate) async fn start(self, folder: &Path, binaries: &Binaries) -> Result<Process> {
        match self {
            Self::JanusRooms | Self::JanusStream => janus::start(folder).await,
            Self::NginxRtmp => nginx::start_rtmp(folder).await,
            Self::NginxFiles => nginx::start_files(folder).await,
            Self::Coturn => coturn::start(&binaries.coturn, folder).await,
        }
    }

    /// Its name and version.
    pub(crate) fn version(self, binaries: &Binaries) -> Result<String> {
        match self {
            Self::JanusRooms => janus::version(),
            Self::JanusStream => Ok(janus::version()? + ", streaming"),
            Self::NginxRtmp => Ok(nginx::version()? + ", RTMP"),
            Self::NginxFiles => Ok(nginx::version()? + ", files"),
            Self::Coturn => coturn::version(&binaries.coturn),
        }
    }
}
