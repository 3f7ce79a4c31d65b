//! The process group of one rig, and the process that ends it when its owner is gone.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::{Error, Result, program};

/// Waits for the end of its input, which is the end of the owner, however that came about.
/// The second removal is for files that were written while the first one ran.
const WATCH: &str = r#"
cat >/dev/null
kill -KILL "-$1" 2>/dev/null
[ -z "$3" ] || sh -c "$3"
[ -z "$2" ] || rm -rf -- "$2" 2>/dev/null || { sleep 1; rm -rf -- "$2"; }
"#;

/// A folder and a process group that end together with this value, or with this process.
///
/// The kernel closes a pipe's end when its holder is gone, be it by SIGKILL. A small process in a
/// group of its own reads that pipe; at its end it kills the rig's group and removes the folder.
#[derive(Debug)]
pub struct Guardian {
    folder: PathBuf,
    anchor: Child,
    watcher: Child,
}

impl Guardian {
    /// Makes the folder and the group.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Run`].
    pub fn new(name: &str) -> Result<Self> {
        Self::with_farewell(name, "")
    }

    /// Makes the folder and the group; a shell script removes what else the group leaves behind.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Run`].
    pub fn with_farewell(name: &str, script: &str) -> Result<Self> {
        let temporary = std::env::temp_dir();
        let folder = TempDir::with_prefix_in(format!("tidegate-{name}-"), &temporary)
            .map_err(Error::file(&temporary))?
            .keep();
        let anchor = leader(program::command("cat").stdout(Stdio::null()))?;
        let removed = if keeps_folders() {
            Path::new("")
        } else {
            folder.as_path()
        };
        let watcher = leader(
            program::command("sh")
                .args(["-c", WATCH, "tidegate-guardian", &anchor.id().to_string()])
                .arg(removed)
                .arg(script)
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        Ok(Self {
            folder,
            anchor,
            watcher,
        })
    }

    /// The folder, which goes at the end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a command in the group.
    ///
    /// # Errors
    /// [`Error::Run`].
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        let group = i32::try_from(self.anchor.id())
            .map_err(|error| Error::malformed("a process id", &error))?;
        command
            .process_group(group)
            .spawn()
            .map_err(|source| Error::Run {
                program: command.get_program().to_string_lossy().into_owned(),
                source,
            })
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // Nothing can be done about a failure here, and the group is gone either way.
        drop(self.watcher.wait());
        drop(self.anchor.wait());
    }
}

fn leader(command: &mut Command) -> Result<Child> {
    command
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|source| Error::Run {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })
}

/// Whether folders stay after the end, for a look at logs and configuration.
fn keeps_folders() -> bool {
    std::env::var_os("TIDEGATE_KEEP").is_some_and(|value| !value.is_empty())
}
