//! A mounted folder that is watched: a rotated Secret volume swaps a symbolic link in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use thiserror::Error;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// What is read from a folder.
pub(crate) trait Reload: Send + Sync + 'static {
    /// Reads the folder again. It may block.
    fn reload(&self);
}

/// A value that follows its folder, if it has one.
pub(crate) struct Following<T> {
    pub(crate) value: Arc<T>,
    folder: Option<Watched>,
}

impl<T: Reload> Following<T> {
    /// Begins to watch a folder, and makes the value.
    pub(crate) fn new<E: From<FolderError>>(
        folder: Option<&Path>,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Self, E> {
        // Watched before it is read, so that no change falls between.
        let folder = folder.map(Watched::new).transpose()?;
        let value = Arc::new(make()?);
        Ok(Self { value, folder })
    }

    /// Reads the value again whenever its folder changes, until `stop`.
    pub(crate) async fn follow(self, stop: &CancellationToken) {
        let Some(folder) = self.folder else { return };
        let changed = || stop.run_until_cancelled(folder.changed.notified());
        while changed().await.is_some() {
            let value = Arc::clone(&self.value);
            if let Err(error) = spawn_blocking(move || value.reload()).await {
                tracing::error!(%error, "folder not read");
            }
        }
    }
}

/// A folder that is watched as long as this value lives.
struct Watched {
    changed: Arc<Notify>,
    _watcher: RecommendedWatcher,
}

/// A folder that cannot be watched.
#[derive(Debug, Error)]
#[error("the folder {} cannot be watched: {source}: make it, or name another one", folder.display())]
pub struct FolderError {
    folder: PathBuf,
    source: notify::Error,
}

impl Watched {
    /// Begins to watch a folder.
    fn new(folder: &Path) -> Result<Self, FolderError> {
        let changed = Arc::new(Notify::new());
        let tell = Arc::clone(&changed);
        let failed = |source| FolderError {
            folder: folder.to_owned(),
            source,
        };
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Our own reading is an event too. An error may stand for lost events: look again.
                if !event.is_ok_and(|event| event.kind.is_access()) {
                    tell.notify_one();
                }
            })
            .map_err(failed)?;
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(failed)?;
        Ok(Self {
            changed,
            _watcher: watcher,
        })
    }
}
