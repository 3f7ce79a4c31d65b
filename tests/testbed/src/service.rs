//! One server process of a rig: start, end, end abruptly, start again.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::guardian::Guardian;
use crate::wait::Obstacle;
use crate::{Error, Result, program, wait};

const LOG_LINES: usize = 15;
const START_LIMIT: Duration = Duration::from_secs(120);

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Specification {
    pub(crate) name: &'static str,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A server process; the rig's guardian ends it at the latest.
#[derive(Debug)]
pub(crate) struct Service {
    specification: Specification,
    log: PathBuf,
    child: Child,
}

impl Service {
    /// Starts the server; its output goes to `<name>.log` in the rig's folder.
    pub(crate) fn start(guardian: &Guardian, specification: Specification) -> Result<Self> {
        let log = guardian
            .folder()
            .join(format!("{}.log", specification.name));
        let child = spawn(guardian, &specification, &log)?;
        Ok(Self {
            specification,
            log,
            child,
        })
    }

    /// Waits until the server answers as it should; its early end is an error with its log.
    pub(crate) fn wait_ready(&mut self, look: impl Fn() -> Result<(), String>) -> Result<()> {
        let condition = format!("{} to answer", self.specification.name);
        wait::until_unless(&condition, START_LIMIT, || {
            self.check_running().map_err(Obstacle::Lasting)?;
            look().map_err(Obstacle::Passing)
        })
    }

    /// Ends the server at once, as a crash would.
    pub(crate) fn kill(&mut self) {
        // An error says that it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Waits for the end of a server that was asked to end.
    pub(crate) fn wait(&mut self) {
        drop(self.child.wait());
    }

    /// Starts the server again with the same arguments.
    pub(crate) fn restart(&mut self, guardian: &Guardian) -> Result<()> {
        self.kill();
        self.child = spawn(guardian, &self.specification, &self.log)?;
        Ok(())
    }

    /// Sends a signal by its name without `SIG`, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) -> Result<()> {
        let id = self.child.id().to_string();
        program::output(program::command("kill").args([&format!("-{name}"), &id])).map(drop)
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.check_running().is_ok()
    }

    fn check_running(&mut self) -> Result<()> {
        let ended = self.child.try_wait().map_err(Error::file(&self.log))?;
        let Some(status) = ended else { return Ok(()) };
        Err(Error::Ended {
            service: self.specification.name.to_owned(),
            status: status.to_string(),
            log: self.log_end(),
        })
    }

    /// The last lines of the server's log.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let start = lines.len().saturating_sub(LOG_LINES);
        lines.get(start..).unwrap_or_default().join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(guardian: &Guardian, specification: &Specification, log: &PathBuf) -> Result<Child> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(log)
        .map_err(Error::file(log))?;
    let errors = output.try_clone().map_err(Error::file(log))?;
    guardian.spawn(
        program::command(&specification.program)
            .args(&specification.arguments)
            .envs(
                specification
                    .environment
                    .iter()
                    .map(|(key, value)| (key, value)),
            )
            .current_dir(guardian.folder())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors),
    )
}
