//! Why drift is only reported at the moment, and not put right.

use tokio::sync::watch;

/// Why drift is only reported at the moment, and not put right; nothing by default.
#[derive(Debug, Clone, Default)]
pub struct Restraint(Option<watch::Receiver<Option<String>>>);

impl Restraint {
    /// Makes one of a reason that may come and go.
    pub fn new(reason: watch::Receiver<Option<String>>) -> Self {
        Self(Some(reason))
    }

    /// Returns the reason; `None` if drift is put right.
    pub(crate) fn reason(&self) -> Option<String> {
        self.0.as_ref()?.borrow().clone()
    }

    /// Waits until the reason is another one, or gone.
    pub(crate) async fn changed(&mut self) {
        let changed = match &mut self.0 {
            Some(reason) => reason.changed().await.is_ok(),
            None => false,
        };
        if !changed {
            std::future::pending::<()>().await;
        }
    }
}
