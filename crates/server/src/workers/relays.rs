//! Allocations, looked after from outside: the workers are asked over their queues.

use std::fmt;
use std::str::FromStr;

use turn::{AllocationKey, AllocationSurvey};

use super::Handle;
use super::survey::ask;
use crate::worker::{Command, RelayRequest};

/// An allocation among those of all workers, as the API writes it: `worker-slot-serial`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AllocationName {
    pub(crate) worker: usize,
    pub(crate) key: AllocationKey,
}

impl fmt::Display for AllocationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.worker, self.key.slot, self.key.serial)
    }
}

/// A text that names no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoName;

impl FromStr for AllocationName {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let mut parts = text.splitn(3, '-');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok()).ok_or(NoName);
        let worker = usize::try_from(number()?).map_err(|_| NoName)?;
        Ok(Self { worker, key: AllocationKey { slot: number()?, serial: number()? } })
    }
}

impl Handle {
    /// At most `limit` allocations behind `after`, in the order of workers and places; without those of a worker that did not answer within a
    /// second.
    pub(crate) async fn list_allocations(
        &self,
        after: Option<AllocationName>,
        limit: usize,
    ) -> Vec<(AllocationName, AllocationSurvey)> {
        let first = after.map_or(0, |after| after.worker);
        let mut found = Vec::new();
        for (worker, desk) in self.shared.desks.iter().enumerate().skip(first) {
            let after = after.filter(|after| after.worker == worker).map(|after| after.key.slot);
            let limit = limit.saturating_sub(found.len());
            if limit == 0 {
                break;
            }
            let listed = ask(desk, |answer| Command::Relay(RelayRequest::List { after, limit, answer })).await;
            let named = |survey: AllocationSurvey| (AllocationName { worker, key: survey.key }, survey);
            found.extend(listed.into_iter().flatten().map(named));
        }
        found
    }

    /// One allocation; `None` when it has ended, or its worker did not answer within a second.
    pub(crate) async fn inspect_allocation(&self, name: AllocationName) -> Option<AllocationSurvey> {
        let desk = self.shared.desks.get(name.worker)?;
        ask(desk, |answer| Command::Relay(RelayRequest::Inspect { key: name.key, answer })).await.flatten()
    }

    /// From here on no worker makes allocations, or again.
    pub(crate) async fn set_draining(&self, draining: bool) {
        for desk in &self.shared.desks {
            // An error means that it has stopped.
            let _ = desk.send(Command::Relay(RelayRequest::Drain(draining))).await;
        }
    }

    /// Ends an allocation; whether there was one.
    pub(crate) async fn end_allocation(&self, name: AllocationName) -> bool {
        let Some(desk) = self.shared.desks.get(name.worker) else { return false };
        ask(desk, |answer| Command::Relay(RelayRequest::End { key: name.key, answer })).await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
