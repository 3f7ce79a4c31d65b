//! Whether the agent can answer: the cluster has been reached, the Layers are listed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far the agent's start has come. Cheap to clone; it does not go back.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    steps: Arc<Steps>,
}

#[derive(Debug, Default)]
struct Steps {
    reached: AtomicBool,
    listed: AtomicBool,
}

impl Readiness {
    /// The API server has answered.
    pub fn cluster_reached(&self) {
        self.steps.reached.store(true, Ordering::Release);
    }

    /// The Layers have been listed, and the fleet holds them.
    pub fn layers_listed(&self) {
        self.steps.listed.store(true, Ordering::Release);
    }

    /// Returns what is not there yet; `None` when the agent is ready.
    pub fn missing(&self) -> Option<&'static str> {
        if !self.steps.reached.load(Ordering::Acquire) {
            return Some("the API server has not been reached yet");
        }
        let listed = self.steps.listed.load(Ordering::Acquire);
        (!listed).then_some("the Layers have not been listed yet")
    }
}
