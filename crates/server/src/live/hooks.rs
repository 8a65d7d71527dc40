//! The HTTP callbacks of SRS: who wants to publish or play is first told to the operator's programs, which may refuse; what has ended is told to
//! them afterwards. Every URL of a hook has to accept. Without hooks nothing of this happens.

mod payload;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use live::StreamName;
use live::hls::Completed;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::clients::Client;
use crate::config::{Config, WebhookUrl};
use crate::http::srs::Identity;
use crate::trust::AuthorityError;
use crate::webhook::{Client as Caller, Failure, Queues};

pub(crate) use payload::Hook;

/// The operator's programs. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Hooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    identity: Identity,
    caller: Caller,
    /// Whom to ask.
    urls: BTreeMap<Hook, Vec<WebhookUrl>>,
    /// Whom to tell what has ended.
    queues: BTreeMap<Hook, Queues>,
    /// Permits to ask.
    asking: Semaphore,
}

/// What is told when a client has gone.
#[derive(Debug)]
pub(crate) struct Farewells {
    hooks: Hooks,
    /// In the opposite order.
    told: Vec<Hook>,
}

impl Farewells {
    /// Nothing so far.
    pub(crate) fn new(hooks: Hooks) -> Self {
        Self { hooks, told: Vec::new() }
    }

    /// This, before what was added earlier.
    pub(crate) fn add(&mut self, hook: Hook) {
        self.told.push(hook);
    }

    /// Not this.
    pub(crate) fn remove(&mut self, hook: Hook) {
        self.told.retain(|told| *told != hook);
    }

    /// Tells it.
    pub(crate) fn tell(&self, client: &Client) {
        for hook in self.told.iter().rev() {
            self.hooks.tell(*hook, client);
        }
    }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HookRefusal {
    /// A program said no.
    #[error("{0} was refused by a program of the operator")]
    Refused(Hook),
    /// A program said nothing that can be understood, or nothing in time.
    #[error("{0} could not be asked of a program of the operator")]
    Failed(Hook),
}

impl Hooks {
    /// The hooks of the settings; `None` when there are none. What is told afterwards goes out in `tasks`.
    ///
    /// # Errors
    /// When the certificate authorities for them cannot be read.
    pub(crate) fn spawn(
        config: &Config,
        identity: &Identity,
        tasks: &mut JoinSet<()>,
    ) -> Result<Option<Self>, AuthorityError> {
        let urls: BTreeMap<Hook, Vec<WebhookUrl>> =
            Hook::ALL.iter().map(|hook| (*hook, hook.urls(config))).filter(|(_, urls)| !urls.is_empty()).collect();
        if urls.is_empty() {
            return Ok(None);
        }
        let caller = Caller::of_named_addresses(config.webhooks_allow_networks.clone(), config.webhooks_ca.as_deref())?;
        let told = urls.iter().filter(|(hook, _)| !hook.is_asked());
        let secret = config.webhooks_secret.0.as_ref();
        let queues = told.map(|(hook, urls)| (*hook, Queues::spawn(&caller, urls, secret, tasks))).collect();
        let inner = Inner { identity: identity.clone(), caller, urls, queues, asking: Semaphore::new(ASKING_MAX) };
        Ok(Some(Self(Arc::new(inner))))
    }

    /// Whether anybody is asked or told.
    pub(crate) fn has(&self, hook: Hook) -> bool {
        self.0.urls.contains_key(&hook)
    }

    /// Asks every program of this hook, one after the other.
    ///
    /// # Errors
    /// [`HookRefusal`] of the first that does not accept.
    pub(crate) async fn ask(&self, hook: Hook, client: &Client) -> Result<(), HookRefusal> {
        for url in self.0.urls.get(&hook).into_iter().flatten() {
            self.ask_one(hook, url, client).await?;
        }
        Ok(())
    }

    /// Queues what every program of this hook is told.
    pub(crate) fn tell(&self, hook: Hook, client: &Client) {
        if let Some(queues) = self.0.queues.get(&hook) {
            queues.tell(payload::payload(&self.0.identity, hook, client).to_string().into());
        }
    }

    /// Queues what is told of a file of a recording, by its place in the folder.
    pub(crate) fn tell_recorded(&self, name: &StreamName, folder: &Path, file: &str) {
        if let Some(queues) = self.0.queues.get(&Hook::Dvr) {
            queues.tell(payload::recorded(&self.0.identity, name, folder, file).to_string().into());
        }
    }

    /// Queues what is told of a segment of HLS.
    pub(crate) fn tell_segment(&self, name: &StreamName, publisher: Option<&Client>, segment: &Completed) {
        if let Some(queues) = self.0.queues.get(&Hook::Hls) {
            queues.tell(payload::segment(&self.0.identity, name, publisher, segment).to_string().into());
        }
    }

    /// Asks every program where the client's stream goes: the URLs of all answers.
    ///
    /// # Errors
    /// [`HookRefusal`] of the first that does not say.
    pub(crate) async fn ask_where(&self, client: &Client) -> Result<Vec<String>, HookRefusal> {
        let mut urls = Vec::new();
        for url in self.0.urls.get(&Hook::Forward).into_iter().flatten() {
            let answer = self.answer(Hook::Forward, url, client).await?;
            let Some(named) = named_urls(&answer).filter(|_| accepts(&answer)) else {
                tracing::warn!(
                    "{} of {} is not answered by {{\"code\":0,\"data\":{{\"urls\":[…]}}}}",
                    Hook::Forward,
                    url.host()
                );
                return Err(HookRefusal::Refused(Hook::Forward));
            };
            urls.extend(named);
        }
        Ok(urls)
    }

    async fn ask_one(&self, hook: Hook, url: &WebhookUrl, client: &Client) -> Result<(), HookRefusal> {
        let answer = self.answer(hook, url, client).await?;
        if accepts(&answer) { Ok(()) } else { Err(HookRefusal::Refused(hook)) }
    }

    async fn answer(&self, hook: Hook, url: &WebhookUrl, client: &Client) -> Result<Bytes, HookRefusal> {
        let body = payload::payload(&self.0.identity, hook, client).to_string();
        let asked = async {
            let _permit = self.0.asking.acquire().await;
            self.0.caller.ask(url, body.into()).await
        };
        let answered = timeout(ASK_TIME, asked).await;
        let answered = answered.unwrap_or_else(|_| Err(Failure::Passing("it takes too long".to_owned())));
        answered.map_err(|failure| match failure {
            Failure::Lasting(reason) => {
                tracing::info!("{hook} is refused by {}: {reason}", url.host());
                HookRefusal::Refused(hook)
            }
            Failure::Passing(reason) => {
                tracing::warn!("{hook} cannot be asked of {}: {reason}", url.host());
                HookRefusal::Failed(hook)
            }
        })
    }
}

/// `0`, or an object with the code 0.
fn accepts(body: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| value == 0 || value.get("code").is_some_and(|code| *code == 0))
}

/// The URLs of an answer to `on_forward`; none where it says nothing of any.
fn named_urls(body: &[u8]) -> Option<Vec<String>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let Some(urls) = value.get("data").and_then(|data| data.get("urls")).filter(|urls| !urls.is_null()) else {
        return Some(Vec::new());
    };
    urls.as_array()?.iter().map(|url| url.as_str().map(str::to_owned)).collect()
}

/// How long a program may think. The client waits meanwhile.
const ASK_TIME: Duration = Duration::from_secs(10);
/// Questions under way at once; more wait, and their time goes on.
const ASKING_MAX: usize = 256;

#[cfg(test)]
mod tests;
