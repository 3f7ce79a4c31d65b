//! The secrets manager behind every secret store.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Names and values of one secret.
pub(super) type Values = BTreeMap<String, String>;

/// The secrets by key, and whether requests fail.
#[derive(Default)]
pub(super) struct Remote {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    secrets: BTreeMap<String, Values>,
    failure: Option<String>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Remote")
    }
}

impl Remote {
    /// Asks as an operator does; the error is the message for the object's status.
    pub(super) fn fetch(&self, key: &str) -> Result<Values, String> {
        let state = self.state();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        state
            .secrets
            .get(key)
            .cloned()
            .ok_or_else(|| format!("error retrieving secret at {key}: Secret does not exist"))
    }

    /// Writes as an operator does.
    pub(super) fn push(&self, key: &str, values: Values) -> Result<(), String> {
        let mut state = self.state();
        if let Some(failure) = &state.failure {
            return Err(failure.clone());
        }
        state
            .secrets
            .entry(key.to_owned())
            .or_default()
            .extend(values);
        Ok(())
    }

    pub(super) fn put(&self, key: &str, values: &Values) {
        self.state().secrets.insert(key.to_owned(), values.clone());
    }

    pub(super) fn get(&self, key: &str) -> Option<Values> {
        self.state().secrets.get(key).cloned()
    }

    pub(super) fn remove(&self, key: &str) {
        self.state().secrets.remove(key);
    }

    pub(super) fn set_failure(&self, message: Option<&str>) {
        self.state().failure = message.map(str::to_owned);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
