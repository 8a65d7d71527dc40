//! The arguments that set something.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use server::config::{Config, Loaded, Sources};

/// Strongest first: `--set`, environment variables `PARLOR_…`, the file.
#[derive(Debug, Args)]
pub(crate) struct SettingArguments {
    /// Read settings from this TOML file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Read CANDIDATE as well as SRS_… variables, as SRS does with this argument
    #[arg(short = 'e', long)]
    env: bool,
    /// Set one setting, as often as needed; the value is TOML, a bare word is a string
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl SettingArguments {
    /// The file, if there is one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.config.clone()
    }

    /// Reads all sources.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let environment = std::env::vars_os().collect();
        let sources =
            Sources { file: self.config.clone(), environment, srs_environment: self.env, flags: self.set.clone() };
        // Several lines, one per fault: begin below the program's name.
        Config::load(&sources).map_err(|errors| anyhow!("the configuration is not accepted:\n{errors}"))
    }
}
