//! What the machine is, and what else it does: wall times mean little without.

use std::fs;
use std::thread;

/// One line on the processors, the load and the memory.
pub(crate) fn describe() -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let gibibytes = memory.lines().find_map(|line| {
        let kibibytes = line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?;
        Some(kibibytes.parse::<u64>().ok()? >> 20)
    });
    format!(
        "machine: {processors} processors, {} GiB, load {} (1, 5, 15 minutes)",
        gibibytes.unwrap_or_default(),
        load.join(" "),
    )
}
