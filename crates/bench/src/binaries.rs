//! The programs that are measured and do not come by a fixed name.

use std::path::PathBuf;

/// Where they are.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Binaries {
    /// The parlor binary
    #[arg(long)]
    pub(crate) parlor: PathBuf,
    /// The coturn binary
    #[arg(long, default_value = "turnserver")]
    pub(crate) coturn: PathBuf,
}
