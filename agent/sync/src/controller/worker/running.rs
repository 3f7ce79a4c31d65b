//! A run that goes on, and afterwards the health of its objects.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::{Engine, Observed, Order, Prerequisite, Restraint, Run, Waiting};

/// A run that goes on, and afterwards the health of its objects.
pub(super) struct Running {
    beginning: Arc<Run>,
    progress: watch::Receiver<Arc<Run>>,
    /// What must come before anything new of the run.
    missing: watch::Sender<Option<Waiting>>,
    /// Why drift is only reported.
    restraint: watch::Sender<Option<String>>,
    stop: CancellationToken,
    task: AbortOnDropHandle<Observed>,
}

/// What comes of a run.
#[derive(Debug)]
pub(super) enum News {
    /// It has come further, or the health of its objects changed.
    Run(Arc<Run>),
    /// Something that it gave up may go on: another run would do it.
    Opened,
    /// Nothing more comes of it.
    Over,
    /// It broke off.
    Broken(String),
}

impl Running {
    /// Begins to execute an order; while something is missing, it only mends what is not well.
    pub(super) fn start(
        engine: &Engine,
        mut order: Order,
        (missing, restraint): (Option<Waiting>, Option<String>),
    ) -> Self {
        let (missing, seen) = watch::channel(missing);
        order.prerequisite = Prerequisite::new(seen);
        let (restraint, seen) = watch::channel(restraint);
        order.restraint = Restraint::new(seen);
        // A short run may be over before anybody looks at its progress, and its end must be news.
        let beginning = Arc::new(Run::new(&order));
        let (tell, progress) = watch::channel(Arc::clone(&beginning));
        let stop = CancellationToken::new();
        let (engine, stopped) = (engine.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let finished = engine.run(order, tell, stopped.clone()).await;
            finished.observe(stopped).await
        });
        Self {
            beginning,
            progress,
            missing,
            restraint,
            stop,
            task: AbortOnDropHandle::new(task),
        }
    }

    /// The run before anything is known of it.
    pub(super) fn beginning(&self) -> Arc<Run> {
        Arc::clone(&self.beginning)
    }

    /// Tells whether it waits for something before it makes anything new.
    pub(super) fn is_held(&self) -> bool {
        self.missing.borrow().is_some()
    }

    /// Tells it that nothing is missing any more.
    pub(super) fn open(&self) {
        self.missing.send_replace(None);
    }

    /// Tells it why drift is only reported now; nothing if it is put right.
    pub(super) fn restrain(&self, reason: Option<String>) {
        self.restraint.send_if_modified(|known| {
            let is_news = *known != reason;
            *known = reason;
            is_news
        });
    }

    /// Tells it to begin nothing more.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Tells it to begin nothing more, and waits until what is under way has ended.
    pub(super) async fn end(self) {
        self.stop.cancel();
        // A task that broke off has ended, too.
        let _ = self.task.await;
    }

    async fn news(&mut self) -> News {
        if self.progress.changed().await.is_ok() {
            return News::Run(Arc::clone(&self.progress.borrow_and_update()));
        }
        match (&mut self.task).await {
            Ok(Observed::Opened) => News::Opened,
            Ok(Observed::Stopped) => News::Over,
            Err(error) => News::Broken(error.to_string()),
        }
    }
}

/// Waits for news of a run, if there is one.
pub(super) async fn news(running: Option<&mut Running>) -> News {
    match running {
        Some(running) => running.news().await,
        None => std::future::pending().await,
    }
}
