//! Asking until there is an answer that lasts.

use std::future::Future;

use tidegate_cluster::ApiError;
use tokio::time::Instant;

use super::Survey;
use crate::engine::answers::AFTER_OUTAGE;
use crate::engine::item::Retry;
use crate::inventory::InventoryError;

/// Why a run ends before it began.
pub(super) enum Halt {
    Stopped,
    Failed(String),
}

impl Survey {
    /// Asks until there is an answer that lasts, and says meanwhile why there is none.
    pub(super) async fn patiently<T, E, F>(&mut self, mut ask: impl FnMut() -> F) -> Result<T, Halt>
    where
        E: Passing,
        F: Future<Output = Result<T, E>>,
    {
        let mut retry = Retry::default();
        loop {
            let answer = tokio::select! {
                answer = ask() => answer,
                () = self.stop.cancelled() => return Err(Halt::Stopped),
            };
            let error = match answer {
                Ok(answer) => {
                    self.report.say("");
                    return Ok(answer);
                }
                Err(error) if error.passes() || self.may_not_know_rights() => error,
                Err(error) => return Err(Halt::Failed(error.to_string())),
            };
            if error.passes() {
                self.outage = Some(Instant::now());
            }
            self.report.say(error.to_string());
            self.report.publish(Vec::new());
            let at = retry.failed(None, Instant::now());
            tokio::select! {
                () = tokio::time::sleep_until(at) => {}
                () = self.stop.cancelled() => return Err(Halt::Stopped),
            }
        }
    }

    /// An API server that has just come back forbids what it has not read the roles for yet.
    fn may_not_know_rights(&self) -> bool {
        self.outage.is_some_and(|at| at.elapsed() < AFTER_OUTAGE)
    }
}

/// Errors that may pass by themselves.
pub(super) trait Passing: std::fmt::Display {
    fn passes(&self) -> bool;
}

impl Passing for ApiError {
    fn passes(&self) -> bool {
        self.class.is_transient()
    }
}

impl Passing for InventoryError {
    fn passes(&self) -> bool {
        self.is_transient()
    }
}
