//! What a process costs: time, processor time, memory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

use crate::say;

/// What a process took from its start to its end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds on processors, user and system.
    pub(crate) processor: f64,
    /// The most memory that it held at once, in bytes.
    pub(crate) peak: u64,
}

/// Runs one program to its end.
///
/// It is a process of its own, so that the peak is this program's: that of a child begins with the
/// memory of the process that starts it, and those of several children cannot be told apart.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// Where the program's standard output goes.
    #[arg(long)]
    output: PathBuf,
    /// The program and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<String>,
}

impl Measure {
    pub(crate) fn run(&self) -> Result<()> {
        let (program, arguments) = self.command.split_first().context("no program")?;
        let output = File::create(&self.output).context("--output")?;
        let start = Instant::now();
        let status = command(Path::new(program))
            .args(arguments)
            .stdout(output)
            .status()
            .with_context(|| program.clone())?;
        let wall = start.elapsed();
        if !status.success() {
            bail!("{program} failed: {status}");
        }
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let cost = Cost {
            wall: wall.as_secs_f64(),
            processor: processor(&usage).as_secs_f64(),
            peak: u64::try_from(usage.max_rss())? << 10,
        };
        Ok(say(&serde_json::to_string(&cost)?)?)
    }
}

/// Runs a program to its end, and answers what it cost; its output goes to a file.
pub(crate) fn of(program: &Path, arguments: &[&str], output: &Path) -> Result<Cost> {
    let answer = command(&std::env::current_exe()?)
        .args(["cost", "--output"])
        .arg(output)
        .arg("--")
        .arg(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    if !answer.status.success() {
        bail!("{} {} failed", program.display(), arguments.join(" "));
    }
    Ok(serde_json::from_slice(&answer.stdout)?)
}

/// What a process that runs has taken so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    /// Processor time, user and system.
    pub(crate) processor: Duration,
    /// The memory that it holds, in bytes.
    pub(crate) memory: u64,
    /// The most memory that it held at once, in bytes.
    pub(crate) peak: u64,
}

impl Running {
    /// Reads what the kernel says of a process.
    pub(crate) fn read(process: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{process}/{name}");
            fs::read_to_string(&path).context(path)
        };
        let status = read("status")?;
        let bytes = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            let number = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
            let number = number.with_context(|| format!("/proc/{process}/status: no {field}"))?;
            Ok::<u64, anyhow::Error>(number.parse::<u64>()? << 10)
        };
        Ok(Self {
            processor: ticks(&read("stat")?).context("/proc/PID/stat")?,
            memory: bytes("VmRSS:")?,
            peak: bytes("VmHWM:")?,
        })
    }
}

/// User and system time of proc(5)'s `stat`, fields 14 and 15.
fn ticks(stat: &str) -> Option<Duration> {
    // The name may hold spaces, and ends with the last parenthesis.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let per_second = sysconf(SysconfVar::CLK_TCK).ok()??;
    let milliseconds = ticks * 1000 / u64::try_from(per_second).ok()?;
    Some(Duration::from_millis(milliseconds))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where a measured process is started"
)]
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// User and system time.
pub(crate) fn processor(usage: &Usage) -> Duration {
    let of = |time: TimeVal| {
        let microseconds = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(microseconds).unwrap_or_default())
    };
    of(usage.user_time()) + of(usage.system_time())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_times_behind_a_name_with_spaces() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 0 9 9 9 9 150 50 9 9 20 0 1 0 5 6 7";
        let per_second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
        let expected = 200_000 / u64::try_from(per_second).unwrap();
        assert_eq!(ticks(stat), Some(Duration::from_millis(expected)));
    }

    #[test]
    fn sees_this_process() {
        let running = Running::read(std::process::id()).unwrap();
        assert!(running.peak >= running.memory && running.memory > 1 << 20);
    }
}
