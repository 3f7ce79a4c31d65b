//! A bare repository that a server serves, and the commits that are pushed to it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::{self, Requirement};
use crate::{Error, Result};

const GIT: Requirement = Requirement {
    program: "git",
    purpose: "it makes and serves the repositories",
    hint: "install it with `apt-get install git`",
};

/// A served repository and its author's copy, from which commits are pushed.
#[derive(Debug, Clone)]
pub struct Repository {
    served: PathBuf,
    author: PathBuf,
}

/// One commit to make: what changes against the branch's head.
#[derive(Debug, Clone)]
pub struct Commit {
    branch: String,
    message: String,
    changes: Vec<(String, Change)>,
    rewrites: bool,
}

#[derive(Debug, Clone)]
enum Change {
    File(Vec<u8>),
    Symlink(String),
    Remove,
}

/// A call that the server makes after each push.
#[derive(Debug, Clone, Default)]
pub struct Webhook {
    /// Where the call goes.
    pub url: String,
    /// Headers, such as a token.
    pub headers: Vec<(String, String)>,
    /// Signs the body into `X-Hub-Signature-256`, as GitHub and Gitea do.
    pub secret: Option<String>,
    /// The authority that signed the receiver's certificate, as PEM text.
    pub authority: Option<String>,
}

impl Commit {
    /// An empty commit on top of the branch, which is made if there is none.
    pub fn on(branch: &str) -> Self {
        Self {
            branch: branch.to_owned(),
            message: "Change the layer".to_owned(),
            changes: Vec::new(),
            rewrites: false,
        }
    }

    /// Sets the message.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    /// Writes a file.
    #[must_use]
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.change(path, Change::File(content.as_ref().to_owned()))
    }

    /// Writes a symbolic link.
    #[must_use]
    pub fn symlink(self, path: &str, target: &str) -> Self {
        self.change(path, Change::Symlink(target.to_owned()))
    }

    /// Removes a file or a folder.
    #[must_use]
    pub fn remove(self, path: &str) -> Self {
        self.change(path, Change::Remove)
    }

    /// Makes a commit without a parent, which only a forced push can bring to the branch.
    #[must_use]
    pub fn rewriting_history(mut self) -> Self {
        self.rewrites = true;
        self
    }

    fn change(mut self, path: &str, change: Change) -> Self {
        self.changes.push((path.to_owned(), change));
        self
    }

    /// The commit in the language of `git fast-import`.
    fn stream(&self, parent: Option<&str>) -> Vec<u8> {
        let mut stream = format!("commit refs/heads/{}\n", self.branch).into_bytes();
        stream.extend_from_slice(b"committer Testbed <testbed@tidegate.dev> now\n");
        data(&mut stream, self.message.as_bytes());
        if let Some(parent) = parent {
            stream.extend_from_slice(format!("from {parent}\n").as_bytes());
        } else {
            stream.extend_from_slice(b"deleteall\n");
        }
        for (path, change) in &self.changes {
            change.write(&mut stream, &quote(path));
        }
        stream
    }
}

impl Change {
    fn write(&self, stream: &mut Vec<u8>, path: &str) {
        let (mode, content) = match self {
            Self::Remove => return stream.extend_from_slice(format!("D {path}\n").as_bytes()),
            Self::File(content) => ("100644", content.as_slice()),
            Self::Symlink(target) => ("120000", target.as_bytes()),
        };
        stream.extend_from_slice(format!("M {mode} inline {path}\n").as_bytes());
        data(stream, content);
    }
}

impl Repository {
    /// Makes an empty repository whose head is `main`.
    pub(crate) fn create(served: PathBuf, author: PathBuf) -> Result<Self> {
        let repository = Self { served, author };
        for path in [&repository.served, &repository.author] {
            fs::create_dir_all(path).map_err(Error::file(path))?;
            git(
                path,
                &["init", "--quiet", "--bare", "--initial-branch=main"],
            )?;
        }
        git(&repository.served, &["config", "http.receivepack", "true"])?;
        let served = repository.served.to_string_lossy();
        git(&repository.author, &["remote", "add", "origin", &served])?;
        Ok(repository)
    }

    /// Makes a copy of another repository's branches and tags; `main` is what is checked out there, whatever its name.
    pub(crate) fn copy(served: PathBuf, author: PathBuf, original: &Path) -> Result<Self> {
        let repository = Self::create(served, author)?;
        let original = original.to_string_lossy();
        let branches = [
            "fetch",
            "--quiet",
            &original,
            "+refs/heads/*:refs/heads/*",
            "--tags",
        ];
        let head = ["fetch", "--quiet", &original, "+HEAD:refs/heads/main"];
        for path in [&repository.served, &repository.author] {
            git(path, &branches)?;
            git(path, &head)?;
        }
        Ok(repository)
    }

    /// Commits and pushes, with force if history is rewritten; answers the commit's id.
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn push(&self, commit: &Commit) -> Result<String> {
        let head = self.head(&commit.branch).ok().filter(|_| !commit.rewrites);
        self.import(&commit.stream(head.as_deref()))?;
        let refspec = format!("+refs/heads/{0}:refs/heads/{0}", commit.branch);
        self.git(&["push", "--quiet", "origin", &refspec])?;
        self.head(&commit.branch)
    }

    /// Puts a tag on a revision and pushes it, over an older one of that name too.
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn tag(&self, name: &str, revision: &str) -> Result<()> {
        self.git(&[
            "tag",
            "--force",
            "--annotate",
            "--message",
            name,
            name,
            revision,
        ])?;
        self.git(&[
            "push",
            "--quiet",
            "--force",
            "origin",
            &format!("refs/tags/{name}"),
        ])
        .map(drop)
    }

    /// Deletes a branch, on the server too.
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn delete_branch(&self, name: &str) -> Result<()> {
        self.git(&["push", "--quiet", "origin", "--delete", name])?;
        self.git(&["update-ref", "-d", &format!("refs/heads/{name}")])
            .map(drop)
    }

    /// The commit at a branch's head.
    ///
    /// # Errors
    /// [`Error::Command`] if there is no such branch.
    pub fn head(&self, branch: &str) -> Result<String> {
        let reference = format!("refs/heads/{branch}");
        let answer = self.git(&["rev-parse", "--verify", "--quiet", &reference])?;
        Ok(answer.trim().to_owned())
    }

    /// Runs git in the author's copy (bare, with the served repository as `origin`).
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn git(&self, arguments: &[&str]) -> Result<String> {
        git(&self.author, arguments)
    }

    /// The folder of the served repository.
    pub fn path(&self) -> &Path {
        &self.served
    }

    /// Calls a URL after each push; a call that fails is reported to the pusher, and fails nothing.
    ///
    /// # Errors
    /// [`Error::Missing`] if curl, or for a signature openssl, is not installed.
    pub fn set_webhook(&self, webhook: &Webhook) -> Result<()> {
        const CURL: Requirement = Requirement {
            program: "curl",
            purpose: "it calls webhooks after a push",
            hint: "install it with `apt-get install curl`",
        };
        let curl = program::find(&CURL)?;
        let hook = self.served.join("hooks/post-receive");
        let settings = self.served.join("hooks/webhook");
        fs::write(&settings, webhook.settings(&self.served)?).map_err(Error::file(&settings))?;
        let script = webhook.script(&curl, &settings)?;
        fs::write(&hook, script).map_err(Error::file(&hook))?;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).map_err(Error::file(&hook))
    }

    fn import(&self, stream: &[u8]) -> Result<()> {
        let mut command = git_command(&self.author, &["fast-import", "--quiet", "--force"]);
        command.args(["--date-format=now"]);
        let failed = |source| Error::Run {
            program: "git fast-import".to_owned(),
            source,
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(stream).map_err(failed)?;
        }
        let answer = child.wait_with_output().map_err(failed)?;
        if answer.status.success() {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&answer.stderr).into_owned();
        Err(Error::Command {
            command: "git fast-import".to_owned(),
            output,
        })
    }
}

impl Webhook {
    /// The call in the language of curl's configuration files.
    fn settings(&self, served: &Path) -> Result<String> {
        let mut lines = vec![
            format!("url = {}", quote(&self.url)),
            "silent\nshow-error\nfail\nnoproxy = \"*\"\nmax-time = 10\noutput = \"/dev/null\""
                .to_owned(),
            "header = \"Content-Type: application/json\"".to_owned(),
            "header = \"X-GitHub-Event: push\"".to_owned(),
        ];
        for (name, value) in &self.headers {
            lines.push(format!("header = {}", quote(&format!("{name}: {value}"))));
        }
        if let Some(authority) = &self.authority {
            let path = served.join("hooks/webhook-ca.crt");
            fs::write(&path, authority).map_err(Error::file(&path))?;
            lines.push(format!("cacert = {}", quote(&path.to_string_lossy())));
        }
        Ok(lines.join("\n") + "\n")
    }

    fn script(&self, curl: &Path, settings: &Path) -> Result<String> {
        const OPENSSL: Requirement = Requirement {
            program: "openssl",
            purpose: "it signs the bodies of webhooks",
            hint: "install it with `apt-get install openssl`",
        };
        let call = format!("{} --config {}", shell(curl), shell(settings));
        let sign = match &self.secret {
            None => "set --".to_owned(),
            Some(secret) => format!(
                "set -- --header \"X-Hub-Signature-256: sha256=$(printf %s \"$body\" | {} dgst \
                 -sha256 -hmac {} -r | cut -d' ' -f1)\"",
                shell(&program::find(&OPENSSL)?),
                shell(Path::new(secret)),
            ),
        };
        Ok(format!(
            "#!/bin/sh\nwhile read -r before after reference; do\n\
             body=$(printf '{{\"ref\":\"%s\",\"before\":\"%s\",\"after\":\"%s\"}}' \
             \"$reference\" \"$before\" \"$after\")\n{sign}\n\
             {call} \"$@\" --data \"$body\"\ndone\nexit 0\n"
        ))
    }
}

/// Runs git in a repository, untouched by the user's and the system's configuration.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> Result<String> {
    program::find(&GIT)?;
    program::output(&mut git_command(folder, arguments))
}

fn git_command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = program::command("git");
    let inherited = std::env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .args([
            "-c",
            "user.name=Testbed",
            "-c",
            "user.email=testbed@tidegate.dev",
        ])
        .args(["-c", "safe.directory=*"])
        .args(arguments);
    command
}

fn data(stream: &mut Vec<u8>, content: &[u8]) {
    stream.extend_from_slice(format!("data {}\n", content.len()).as_bytes());
    stream.extend_from_slice(content);
    stream.push(b'\n');
}

/// A quoted string of git's and curl's languages.
fn quote(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

/// A quoted word of the shell's language.
fn shell(text: &Path) -> String {
    format!("'{}'", text.to_string_lossy().replace('\'', r"'\''"))
}
