//! The addresses of the server while it runs: the interfaces are looked at, STUN servers are asked, and what has changed is taken over.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::lookup_host;
use tokio::sync::mpsc;
use tokio::time::{interval, sleep_until, timeout};
use turn::Inquiry;

use super::Standing;
use crate::clock;
use crate::config::StunServers;
use crate::reload::Reloading;
use crate::worker::StunAnswer;
use crate::workers::Handle;

/// Watches over them.
pub(crate) struct Watch {
    servers: StunServers,
    workers: Handle,
    reloading: Arc<Reloading>,
    /// What is in force.
    standing: Standing,
    asked_at: Option<Instant>,
    /// Whether it was said that nobody answers.
    complained: bool,
    answers: mpsc::Receiver<StunAnswer>,
    heard: mpsc::Sender<StunAnswer>,
}

impl Watch {
    /// `standing` is what the server has started with.
    pub(crate) fn new(servers: StunServers, workers: Handle, reloading: Arc<Reloading>, standing: Standing) -> Self {
        let (heard, answers) = mpsc::channel(ANSWERS_MAX);
        Self { servers, workers, reloading, standing, asked_at: None, complained: false, answers, heard }
    }

    /// Goes on for as long as the server runs.
    pub(crate) async fn go_on(mut self) {
        let mut looks = interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            self.look().await;
        }
    }

    /// Looks at the interfaces, and asks when it is time to.
    async fn look(&mut self) {
        let found = Standing::of_interfaces();
        // Link-local addresses come and go with every container.
        let changed = found.reachable != self.standing.reachable;
        let is_old = self.asked_at.is_none_or(|at| clock::now().saturating_duration_since(at) >= ASK_EVERY);
        let mut seen = self.standing.seen.clone();
        if !self.servers.0.is_empty() && (changed || is_old) {
            self.asked_at = Some(clock::now());
            seen = self.ask_all().await;
        }
        let standing = Standing { seen, ..found };
        if standing == self.standing {
            return;
        }
        if changed {
            tracing::info!("the addresses of this machine have changed: {}", listed(&standing.reachable));
        }
        if standing.seen != self.standing.seen {
            self.tell(&standing.seen);
        }
        match self.reloading.relocate(standing.clone()).await {
            Ok(()) => self.standing = standing,
            Err(error) => tracing::warn!("the addresses that were in force stay: {error}"),
        }
    }

    fn tell(&self, seen: &[SocketAddr]) {
        tracing::info!("others reach this server at {}, as STUN servers see it", listed(seen));
        let ports: Vec<u16> = self.workers.local_addresses().udp.iter().map(SocketAddr::port).collect();
        if let Some(moved) = seen.iter().find(|seen| !ports.contains(&seen.port())) {
            tracing::warn!(
                "a router maps the UDP port to {}: unless it forwards that to us whoever sends, clients do not get in",
                moved.port()
            );
        }
    }

    /// Under which addresses others see our UDP ports. Of a family in which nobody answers, what was known stays.
    async fn ask_all(&mut self) -> Vec<SocketAddr> {
        let servers = self.resolve().await;
        // What came too late for the round before.
        while self.answers.try_recv().is_ok() {}
        self.workers.expect_answers(&servers, &self.heard).await;
        let mut seen = self.ask(&servers).await;
        self.workers.expect_answers(&[], &self.heard).await;
        if seen.is_empty() && !self.complained {
            tracing::warn!("none of the STUN servers of public.stun answers: the addresses stay as they are known");
        }
        self.complained = seen.is_empty();
        let families = [true, false].map(|is_v4| seen.iter().any(|seen| seen.is_ipv4() == is_v4));
        let answered = |known: &SocketAddr| families[usize::from(!known.is_ipv4())];
        seen.extend(self.standing.seen.iter().filter(|known| !answered(known)));
        seen.sort_by_key(|seen| (seen.is_ipv6(), *seen));
        seen.dedup();
        seen
    }

    async fn ask(&mut self, servers: &[SocketAddr]) -> Vec<SocketAddr> {
        let mut seen = Vec::new();
        let mut inquiries = self.inquiries(servers);
        loop {
            let now = clock::now();
            for (local, inquiry) in &mut inquiries {
                inquiry.handle_timeout(now);
                while let Some((to, request)) = inquiry.poll_transmit(now) {
                    self.workers.send_from(*local, to, request).await;
                }
            }
            let Some(due) = inquiries.iter().filter_map(|(_, inquiry)| inquiry.poll_timeout()).min() else { break };
            tokio::select! {
                Some(StunAnswer { from, datagram }) = self.answers.recv() => {
                    // Its transaction tells whose it is.
                    let now = clock::now();
                    seen.extend(inquiries.iter_mut().find_map(|(_, inquiry)| inquiry.handle_answer(now, from, &datagram)));
                }
                () = sleep_until(due.into()) => {}
            }
        }
        seen
    }

    /// One for each listener, with the servers that it could reach.
    fn inquiries(&self, servers: &[SocketAddr]) -> Vec<(SocketAddr, Inquiry)> {
        let now = clock::now();
        let listeners = self.workers.local_addresses().udp.iter().copied();
        let of_listener = |local: SocketAddr| {
            let is_near = |server: &&SocketAddr| {
                server.is_ipv4() == local.is_ipv4() && (!local.ip().is_loopback() || server.ip().is_loopback())
            };
            let near: Vec<SocketAddr> = servers.iter().filter(is_near).copied().collect();
            let transactions: Option<Vec<u128>> = near.iter().map(|_| random()).collect();
            Some((local, Inquiry::new(now, near.into_iter().zip(transactions?))))
        };
        listeners.filter_map(of_listener).collect()
    }

    /// Their addresses, in the order of the setting.
    async fn resolve(&self) -> Vec<SocketAddr> {
        let mut found = Vec::new();
        for server in &self.servers.0 {
            match timeout(RESOLVE_MAX, lookup_host((server.host.as_str(), server.port))).await {
                Ok(Ok(addresses)) => found.extend(addresses.take(ADDRESSES_OF_NAME_MAX)),
                Ok(Err(error)) => tracing::debug!(%server, %error, "a STUN server has no address"),
                Err(_) => tracing::debug!(%server, "a STUN server has no address in time"),
            }
        }
        found
    }
}

fn listed<T: ToString>(addresses: &[T]) -> String {
    let addresses: Vec<String> = addresses.iter().map(T::to_string).collect();
    if addresses.is_empty() { "none".to_owned() } else { addresses.join(", ") }
}

fn random() -> Option<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(u128::from_be_bytes(bytes))
}

/// How soon another address of an interface is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How soon another address of a router is.
const ASK_EVERY: Duration = Duration::from_secs(180);
/// How long a resolver may take.
const RESOLVE_MAX: Duration = Duration::from_secs(10);
/// Of each family some, of names with many.
const ADDRESSES_OF_NAME_MAX: usize = 4;
/// Answers that wait to be looked at: more than are asked for at once.
const ANSWERS_MAX: usize = 16;
