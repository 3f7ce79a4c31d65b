//! Whether this process holds the Lease now, as the API server says and not as we remember.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease as KubeLease;
use kube::Api;
use tokio::time::Instant;

use crate::{ApiError, LeaseOptions};

/// How long an answer is taken for one of now. A holder that is behind by more than this is asked again.
const FRESH: Duration = Duration::from_secs(1);

/// Tells whether this process holds a Lease now. Cheap to clone.
#[derive(Clone)]
pub struct Tenure {
    api: Api<KubeLease>,
    options: LeaseOptions,
    held: Arc<Mutex<Option<Instant>>>,
}

impl Tenure {
    /// Prepares to ask for the Lease that a process holds by the same options.
    pub fn new(client: kube::Client, options: LeaseOptions) -> Self {
        Self {
            api: Api::namespaced(client, &options.namespace),
            options,
            held: Arc::default(),
        }
    }

    /// Asks the API server whether we hold the Lease; an answer of the last second is taken for one of now.
    ///
    /// # Errors
    /// If the API server refuses, or does not answer.
    pub async fn holds(&self) -> Result<bool, ApiError> {
        let known = *self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(true);
        }
        let asked = Instant::now();
        let deadline = self.options.duration / 3;
        let found = tokio::time::timeout(deadline, self.api.get_opt(&self.options.name)).await;
        let found = found.map_err(|_| ApiError::late(deadline))?;
        let found = found.map_err(|error| ApiError::of(&error))?;
        let holder = found.and_then(|lease| lease.spec?.holder_identity);
        let holds = holder.as_deref() == Some(&self.options.holder);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = holds.then_some(asked);
        Ok(holds)
    }
}

impl std::fmt::Debug for Tenure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenure")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
