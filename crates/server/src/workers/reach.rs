//! How others reach the workers: asking STUN servers by the workers' own sockets, and taking over what came of it.

use std::net::SocketAddr;
use std::sync::PoisonError;

use tokio::sync::mpsc;
use turn::ConfigError;

use super::Handle;
use super::spawn::{relay_binding, share_limits};
use super::survey::ask;
use crate::media::Reach;
use crate::worker::{Command, RelayRequest, StunAnswer};

impl Handle {
    /// Has every worker listen for answers of `servers` and of nobody else.
    pub(crate) async fn expect_answers(&self, servers: &[SocketAddr], heard: &mpsc::Sender<StunAnswer>) {
        for desk in &self.shared.desks {
            // An error means that it has stopped.
            let _ = desk.send(Command::ExpectAnswers(servers.to_vec(), heard.clone())).await;
        }
    }

    /// Sends a datagram by the listener that is bound to `local`.
    pub(crate) async fn send_from(&self, local: SocketAddr, to: SocketAddr, datagram: Vec<u8>) {
        if let Some(desk) = self.shared.desks.first() {
            let _ = desk.send(Command::SendFrom { local, to, datagram }).await;
        }
    }

    /// Has every worker take over our addresses: for media connections and allocations that are made from here on, and for what may be reached through relays.
    ///
    /// # Errors
    /// As for [`Self::reconfigure`].
    pub(crate) async fn relocate(&self, core: turn::Config, reach: &Reach) -> Result<(), ConfigError> {
        let candidates = reach.candidates(&self.shared.addresses.udp);
        if self.has_media() && !candidates.is_empty() {
            let services = reach.services(&self.shared.addresses.udp);
            *self.shared.services.lock().unwrap_or_else(PoisonError::into_inner) = services;
            for desk in &self.shared.desks {
                let _ = desk.send(Command::Candidates(candidates.clone())).await;
            }
        }
        self.reconfigure(core).await
    }

    /// Has every worker take over what of `config` can change while the server runs. A worker that does not answer within a second does so later.
    ///
    /// # Errors
    /// When it cannot be; then nothing has changed.
    pub(crate) async fn reconfigure(&self, mut config: turn::Config) -> Result<(), ConfigError> {
        share_limits(&mut config, u8::try_from(self.workers()).unwrap_or(u8::MAX));
        config.services = self.shared.services.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let binding = relay_binding(&config, self.shared.relay_buffer_bytes);
        for desk in &self.shared.desks {
            let config = Box::new(config.clone());
            let request = |answer| Command::Relay(RelayRequest::Reconfigure { config, binding, answer });
            // They judge alike: if one refuses it is the first.
            ask(desk, request).await.unwrap_or(Ok(()))?;
        }
        Ok(())
    }
}
