//! A process's time and memory.

use std::error::Error;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a process took, and what it printed.
pub(crate) struct Measured {
    pub(crate) time: Duration,
    /// The peak of its resident memory, in MiB.
    pub(crate) memory: f64,
    pub(crate) output: Vec<u8>,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<Measured, Box<dyn Error>> {
    let output = tempfile::NamedTempFile::new()?;
    let start = Instant::now();
    let mut child = command
        .stdout(output.reopen()?)
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut memory: f64 = 0.0;
    let status = loop {
        memory = memory.max(peak(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        pause();
    };
    let time = start.elapsed();
    if !status.success() {
        return Err(format!("{command:?} failed: {status}").into());
    }
    Ok(Measured {
        time,
        memory,
        output: fs::read(output.path())?,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the kernel tells no one of a process's memory"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

/// The peak so far, as the kernel counts it; 0 for a process that has ended.
fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let size = line.and_then(|line| line.trim().strip_suffix(" kB"));
    size.and_then(|size| size.parse::<f64>().ok())
        .unwrap_or_default()
        / 1024.0
}
