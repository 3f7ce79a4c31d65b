//! The receivers: a file for each, named as the receiver, with its secret.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use super::bucket::Bucket;
use super::secret::Secret;
use crate::folder::Reload;

/// The largest secret, in bytes.
const SECRET_SIZE: u64 = 4096;
/// The most receivers.
const RECEIVERS: usize = 256;

/// One receiver.
pub(crate) struct Receiver {
    pub(crate) secret: Secret,
    pub(crate) bucket: Bucket,
}

/// The receivers of a folder.
pub(crate) struct Receivers {
    folder: PathBuf,
    current: RwLock<HashMap<String, Arc<Receiver>>>,
}

impl Receivers {
    /// Reads a folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        let receivers = Self {
            folder,
            current: RwLock::default(),
        };
        receivers.reload();
        receivers
    }

    /// Returns a receiver.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Receiver>> {
        let current = self.current.read();
        let current = current.unwrap_or_else(PoisonError::into_inner);
        current.get(name).cloned()
    }

    fn read(&self) -> io::Result<HashMap<String, Arc<Receiver>>> {
        let mut receivers = HashMap::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            // A mounted Secret keeps its content in folders whose names begin with dots.
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            if receivers.len() == RECEIVERS {
                tracing::error!(
                    limit = RECEIVERS,
                    "too many webhook receivers: the others are left out"
                );
                break;
            }
            match secret(&entry.path()) {
                Ok(Some(secret)) => {
                    let bucket = Bucket::full(Instant::now());
                    receivers.insert(name.to_owned(), Arc::new(Receiver { secret, bucket }));
                }
                Ok(None) => {}
                Err(error) => {
                    let file = entry.path();
                    tracing::error!(file = %file.display(), %error, "webhook receiver not loaded");
                }
            }
        }
        Ok(receivers)
    }
}

impl Reload for Receivers {
    /// Reads the folder again. If it cannot be read, the receivers stay as they are; a file that cannot is logged, and
    /// there is no such receiver.
    fn reload(&self) {
        match self.read() {
            Ok(receivers) => {
                let folder = self.folder.display();
                tracing::info!(%folder, receivers = receivers.len(), "webhook receivers loaded");
                let current = self.current.write();
                *current.unwrap_or_else(PoisonError::into_inner) = receivers;
            }
            Err(error) => {
                let folder = self.folder.display();
                tracing::error!(%folder, %error, "webhook receivers not loaded: those before stay");
            }
        }
    }
}

/// Reads a secret; `None` for a folder.
fn secret(file: &Path) -> io::Result<Option<Secret>> {
    if fs::metadata(file)?.is_dir() {
        return Ok(None);
    }
    let mut content = Vec::new();
    File::open(file)?
        .take(SECRET_SIZE + 1)
        .read_to_end(&mut content)?;
    if content.len() as u64 > SECRET_SIZE {
        let what = format!("a secret may have at most {SECRET_SIZE} bytes");
        return Err(io::Error::other(what));
    }
    let secret = Secret::new(&content);
    let empty = || io::Error::other("the file is empty: write the receiver's secret into it");
    secret.map(Some).ok_or_else(empty)
}
