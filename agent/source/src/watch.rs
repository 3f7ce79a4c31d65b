//! Changes on disk, told once they have settled.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::{Config, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use thiserror::Error;

/// How long nothing may happen before a change counts as whole.
const QUIET: Duration = Duration::from_millis(100);
/// How long a change is held back where something always happens.
const LONGEST: Duration = Duration::from_secs(2);

/// A path is watched as long as this value lives.
pub struct Watch {
    // Dropping it closes the channel, and that ends the thread.
    _watcher: RecommendedWatcher,
}

/// A path cannot be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The system's own limit.
    #[error(
        "{0} cannot be watched: the system's limit of watches is reached; raise it with `sysctl fs.inotify.max_user_watches=…`"
    )]
    Limit(PathBuf),
    /// It is not there, or not for us.
    #[error("{0} cannot be watched: {1}")]
    Missing(PathBuf, #[source] io::Error),
    /// Anything else.
    #[error("{0} cannot be watched: {1}")]
    Unwatchable(PathBuf, #[source] Box<notify::Error>),
    /// No thread.
    #[error("{0} cannot be watched: {1}")]
    Thread(PathBuf, #[source] io::Error),
}

impl Watch {
    /// Watches everything below a directory, `.git` and what editors leave aside, and calls back
    /// after each change, once it has settled.
    ///
    /// # Errors
    /// If the directory is not there, or the system has no watch left.
    pub fn directory(
        path: &Path,
        changed: impl FnMut() + Send + 'static,
    ) -> Result<Self, WatchError> {
        let failed = |error| WatchError::Missing(path.to_owned(), error);
        let root = fs::canonicalize(path).map_err(failed)?;
        let within = root.clone();
        let is_content = move |path: &Path| is_content(path.strip_prefix(&within).unwrap_or(path));
        let (watch, _) = Self::start(&root, RecursiveMode::Recursive, is_content, changed)?;
        Ok(watch)
    }

    /// Watches the content of one file of the agent's own, such as a mounted certificate.
    ///
    /// It looks at the folder: a mounted Secret changes by a swap of a link beside the file. It
    /// calls back only if the content is another one, and also when the file comes or goes.
    ///
    /// # Errors
    /// If the folder is not there, or the system has no watch left.
    pub fn file(
        path: &Path,
        mut changed: impl FnMut() + Send + 'static,
    ) -> Result<Self, WatchError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let missing = |error| WatchError::Missing(folder.to_owned(), error);
        let folder = fs::canonicalize(folder).map_err(missing)?;
        let path = path.to_owned();
        let mut before = fs::read(&path).ok();
        let look = move || {
            let now = fs::read(&path).ok();
            if now != before {
                before = now;
                changed();
            }
        };
        let (watch, events) = Self::start(&folder, RecursiveMode::NonRecursive, |_| true, look)?;
        // It may have changed between the first look and the start of the watch.
        let _ended = events.send(());
        Ok(watch)
    }

    fn start(
        path: &Path,
        mode: RecursiveMode,
        counts: impl Fn(&Path) -> bool + Send + 'static,
        changed: impl FnMut() + Send + 'static,
    ) -> Result<(Self, Sender<()>), WatchError> {
        let (events, received) = channel();
        let handler = handler(events.clone(), counts);
        let failed = |error| unwatchable(path, error);
        // A link may lead out of the tree, which no build does.
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(handler, config).map_err(failed)?;
        watcher.watch(path, mode).map_err(failed)?;
        std::thread::Builder::new()
            .name("watch".into())
            .spawn(move || settle(&received, changed))
            .map_err(|error| WatchError::Thread(path.to_owned(), error))?;
        Ok((Self { _watcher: watcher }, events))
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

fn handler(
    events: Sender<()>,
    counts: impl Fn(&Path) -> bool,
) -> impl FnMut(notify::Result<notify::Event>) {
    move |event| {
        let matters = match event {
            // Reading is no change.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => false,
            Ok(event) if event.paths.is_empty() => true,
            Ok(event) => event.paths.iter().any(|path| counts(path)),
            Err(error) => {
                tracing::warn!(%error, "failed to watch for changes");
                true
            }
        };
        if matters {
            // Nobody listens any more where the watch ends.
            let _ended = events.send(());
        }
    }
}

fn settle(events: &Receiver<()>, mut changed: impl FnMut()) {
    while events.recv().is_ok() {
        let start = Instant::now();
        while start.elapsed() < LONGEST {
            match events.recv_timeout(QUIET) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        changed();
    }
}

/// Tells whether a path is one that a build may read: neither Git's own nor an editor's.
fn is_content(path: &Path) -> bool {
    let is_git = |part: &OsStr| part == ".git";
    if path.iter().any(is_git) {
        return false;
    }
    let name = path.file_name().map(OsStr::to_string_lossy);
    let name = name.as_deref().unwrap_or_default();
    let is_backup = name.ends_with('~') || name.starts_with(".#") || name == "4913";
    let is_swap = [".swp", ".swo", ".swx", ".kate-swp"]
        .iter()
        .any(|end| name.starts_with('.') && name.ends_with(end));
    let is_auto_save = name.starts_with('#') && name.ends_with('#');
    !(is_backup || is_swap || is_auto_save || name == ".DS_Store")
}

fn unwatchable(path: &Path, error: notify::Error) -> WatchError {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => WatchError::Limit(path.to_owned()),
        _ => WatchError::Unwatchable(path.to_owned(), Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_and_editors_write_is_no_content() {
        for path in [
            "a.yaml",
            "base/kustomization.yaml",
            ".swipe",
            "a/.gitignore",
            "x.swp.yaml",
        ] {
            assert!(is_content(Path::new(path)), "{path}");
        }
        for path in [
            ".git/index",
            "a/.git",
            "a.yaml~",
            ".a.yaml.swp",
            ".a.swx",
            "#a#",
            ".#a",
            "4913",
        ] {
            assert!(!is_content(Path::new(path)), "{path}");
        }
    }
}
