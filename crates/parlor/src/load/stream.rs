//! A live stream and its viewers.

use anyhow::{Context as _, bail};
use clap::Args;
use client::load::{Plan, StreamDoor};
use client::{Endpoint, HttpAddress};

use super::PatternArguments;
use crate::guest::{GuestArguments, Place};

/// How many viewers of what.
#[derive(Debug, Args)]
pub(crate) struct StreamArguments {
    #[command(flatten)]
    pub(super) guest: GuestArguments,
    /// Where to publish by WHIP, when it is not the URL with "whip" in the place of "whep"
    #[arg(long, value_name = "URL", conflicts_with = "watch_only")]
    publish: Option<String>,
    /// Publish nothing: somebody does already
    #[arg(long)]
    watch_only: bool,
    /// Viewers
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5000))]
    viewers: u32,
    #[command(flatten)]
    pattern: PatternArguments,
}

impl StreamArguments {
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        Ok(Plan { publishers: u32::from(!self.watch_only), subscribers: self.viewers, ..self.pattern.plan()? })
    }

    pub(super) fn door(&self) -> anyhow::Result<StreamDoor> {
        let Place::Stream(play, transport) = self.guest.place()? else {
            bail!("the URL is that of a stream, as http://localhost:8080/whep/live/abc");
        };
        let publish = match (&self.publish, self.watch_only) {
            (_, true) => None,
            (Some(url), false) => Some(HttpAddress::parse(url)?),
            (None, false) => {
                let target = play.address.target.replacen("/whep/", "/whip/", 1);
                let is_another = target != play.address.target;
                let address = is_another.then(|| HttpAddress { target, ..play.address.clone() });
                Some(address.context("where to publish? Give --publish, or --watch-only")?)
            }
        };
        let publish = publish.map(|address| Endpoint { address, ..play.clone() });
        Ok(StreamDoor { publish, play, transport })
    }
}
