//! What lies below an image's own program: folder trees of Debian's packages, of PostgreSQL, of Python's packages.

use std::fs;
use std::path::PathBuf;

use tidegate_testbed::{Error, Result, program};

use crate::kept;

/// A folder tree that a script of `tests/realnode/roots` makes.
#[derive(Debug, Clone, Copy)]
pub struct Root {
    name: &'static str,
    script: &'static str,
    arguments: &'static [&'static str],
}

/// A shell and the small programs that start scripts call.
pub const DEBIAN: Root = Root {
    name: "debian",
    script: "debian.sh",
    arguments: &[
        "bash",
        "ca-certificates",
        "coreutils",
        "dash",
        "findutils",
        "mawk",
        "grep",
        "libc-bin",
        "libstdc++6",
        "procps",
        "sed",
        "tar",
        "tzdata",
    ],
};

/// The same, with Redis.
pub const REDIS: Root = Root {
    name: "redis",
    script: "debian.sh",
    arguments: &[
        "bash",
        "coreutils",
        "dash",
        "mawk",
        "grep",
        "libc-bin",
        "procps",
        "redis-server",
        "redis-tools",
        "sed",
    ],
};

/// The same, with Python.
pub const PYTHON: Root = Root {
    name: "python",
    script: "debian.sh",
    arguments: &[
        "bash",
        "ca-certificates",
        "coreutils",
        "dash",
        "grep",
        "libc-bin",
        "python3",
        "sed",
        "tar",
    ],
};

/// PostgreSQL 16 and its clients, to lie over [`DEBIAN`].
pub const POSTGRESQL: Root = Root {
    name: "postgresql",
    script: "postgresql.sh",
    arguments: &[],
};

/// A server that speaks as S3 and Secrets Manager do, and a client of S3, to lie over [`PYTHON`].
pub const CLOUD: Root = Root {
    name: "cloud",
    script: "python.sh",
    arguments: &["moto[server]==5.2.5", "awscli==1.46.2"],
};

/// What the sidecar of the plugin for backups calls, to lie over [`PYTHON`].
pub const BARMAN: Root = Root {
    name: "barman",
    script: "python.sh",
    arguments: &["barman[cloud]==3.20.1"],
};

impl Root {
    /// Finds the tree in the cache, or makes it there.
    ///
    /// # Errors
    /// [`Error::Command`] with the script's message, such as which packages this machine lacks.
    pub fn ready(&self) -> Result<PathBuf> {
        let script = program::workspace()
            .join("tests/realnode/roots")
            .join(self.script);
        let text = fs::read(&script).map_err(Error::file(&script))?;
        let arguments = self.arguments.join("\n");
        kept::folder(self.name, &[&text, arguments.as_bytes()], |folder| {
            let mut command = program::command(&script);
            program::output(command.arg(folder).args(self.arguments)).map(drop)
        })
    }
}
