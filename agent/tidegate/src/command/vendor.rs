//! `tidegate vendor [PATH]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::exit::Exit;
use crate::output;

const LOCK: &str = "tidegate.lock";
/// Folders that hold no sources.
const SKIPPED: [&str; 4] = [".git", "node_modules", "target", "vendor"];
/// The largest file that is fetched.
const LARGEST: u64 = 64 << 20;
const DEADLINE: Duration = Duration::from_secs(120);

/// Fetch the remote files that tidegate.lock files pin into vendor/
///
/// Rendering and the agent fetch nothing: a remote file in a kustomization is read from
/// `vendor/<sha256>` or from the agent's mirror folder. A file whose content is not the pinned one is
/// refused.
#[derive(Debug, Args)]
pub(crate) struct Vendor {
    /// The root of the repository.
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
}

/// A pinned file, by its URL in the lock file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    sha256: String,
}

impl Vendor {
    pub(crate) async fn run(&self) -> Result<Exit> {
        let pins = pins(&self.path)?;
        let folder = self.path.join("vendor");
        let mut fetched = 0;
        for (sha256, (url, lock)) in &pins {
            let file = folder.join(sha256);
            if is_there(&file, sha256) {
                continue;
            }
            let content = fetch(url)
                .await
                .with_context(|| format!("{}: {url}", lock.display()))?;
            store(&file, sha256, &content).with_context(|| format!("{}: {url}", lock.display()))?;
            fetched += 1;
        }
        output::line(&format!(
            "vendor: {} pinned, {fetched} fetched",
            output::counted(pins.len(), "file")
        ))?;
        Ok(Exit::Done)
    }
}

/// Reads all lock files below a folder: digest → (URL, lock file).
fn pins(root: &Path) -> Result<BTreeMap<String, (String, PathBuf)>> {
    let mut pins = BTreeMap::new();
    for lock in lock_files(root)? {
        let text = std::fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
        let locked: BTreeMap<String, Pin> = serde_yaml::from_str(&text).with_context(|| {
            format!(
                "{}: each entry is `<url>: {{sha256: <digest>}}`",
                lock.display()
            )
        })?;
        for (url, pin) in locked {
            let is_digest =
                pin.sha256.len() == 64 && pin.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_digest {
                bail!(
                    "{}: {url}: sha256 is not 64 hexadecimal digits",
                    lock.display()
                );
            }
            pins.insert(pin.sha256, (url, lock.clone()));
        }
    }
    Ok(pins)
}

fn lock_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut locks = Vec::new();
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let entry = entry.with_context(|| folder.display().to_string())?;
        let name = entry.file_name();
        if name == LOCK {
            locks.push(entry.path());
        } else if entry.file_type()?.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            locks.extend(lock_files(&entry.path())?);
        }
    }
    locks.sort();
    Ok(locks)
}

fn is_there(file: &Path, sha256: &str) -> bool {
    std::fs::read(file).is_ok_and(|content| digest(&content) == sha256)
}

fn store(file: &Path, sha256: &str, content: &[u8]) -> Result<()> {
    let actual = digest(content);
    if actual != sha256 {
        bail!(
            "the file has changed: pinned is sha256 {sha256}, fetched was {actual}; look at what changed, then pin the new digest"
        );
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::write(file, content).with_context(|| file.display().to_string())
}

async fn fetch(url: &str) -> Result<Vec<u8>> {
    if !url.starts_with("https://") {
        bail!("only https:// is fetched");
    }
    let client = reqwest::Client::builder()
        .timeout(DEADLINE)
        .https_only(true)
        .build()?;
    let mut answer = client.get(url).send().await?.error_for_status()?;
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        content.extend_from_slice(&chunk);
        if content.len() as u64 > LARGEST {
            bail!("the file is larger than {LARGEST} bytes");
        }
    }
    Ok(content)
}

fn digest(content: &[u8]) -> String {
    let bytes = Sha256::digest(content);
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://example.com/a.yaml";

    fn locked(text: &str) -> Result<BTreeMap<String, (String, PathBuf)>> {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("a/b/tidegate.lock"), text).unwrap();
        pins(root.path())
    }

    #[test]
    fn lock_files_are_found_in_folders() {
        let sha256 = digest(b"x");
        let pins = locked(&format!("{URL}: {{sha256: {sha256}}}\n")).unwrap();
        assert_eq!(pins[&sha256].0, URL);
    }

    #[test]
    fn a_lock_file_that_cannot_be_read_is_named() {
        for text in ["- a", "https://example.com/a.yaml: {sha256: abc}"] {
            let error = locked(text).unwrap_err();
            assert!(format!("{error:#}").contains("tidegate.lock"), "{error:#}");
        }
    }

    #[test]
    fn a_changed_file_shows_both_digests_and_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let pinned = digest(b"before");
        let file = folder.path().join(&pinned);
        let message = store(&file, &pinned, b"after").unwrap_err().to_string();
        assert!(
            message.contains(&pinned) && message.contains(&digest(b"after")),
            "{message}"
        );
        assert!(!file.exists());
    }
}
