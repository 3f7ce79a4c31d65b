//! `make demo` leaves nothing behind, however it ends, and starts again at once.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tidegate_testbed::{command_output, wait};

const LIMIT: Duration = Duration::from_secs(120);

/// What the demo starts.
const PROGRAMS: [&str; 7] = [
    "etcd",
    "kube-apiserver",
    "kube-controller",
    "kube-scheduler",
    "kwok",
    "nginx",
    "tidegate",
];

/// How it is ended: a signal, and the sign of whom it goes to (`-` is the whole process group).
const ENDINGS: [(&str, &str); 4] = [("INT", "-"), ("TERM", "-"), ("KILL", ""), ("HUP", "-")];

/// A demo in a process group of its own, below a shell that stands for make, and its output.
struct Demo {
    shell: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Demo {
    #[expect(
        clippy::disallowed_methods,
        reason = "the demo must be a process of its own"
    )]
    fn start() -> Self {
        let demo = PathBuf::from(env!("CARGO_BIN_EXE_tidegate-demo"));
        let tidegate = demo.with_file_name("tidegate");
        assert!(
            tidegate.is_file(),
            "build it first: cargo build -p tidegate"
        );
        // Who runs the tests in the background may have them ignore SIGINT, which a shell cannot take back.
        let mut shell = Command::new("env")
            .args(["--default-signal", "sh"])
            .args(["-c", r#""$1" --program "$2" demo; exit $?"#, "make"])
            .args([&demo, &tidegate])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(shell.stdout.take().unwrap());
        Self { shell, output }
    }

    /// Reads on until a line begins so.
    fn until_said(&mut self, start: &str) {
        let lines = self.output.by_ref().lines().map_while(Result::ok);
        let said: Vec<String> = lines.take_while(|line| !line.starts_with(start)).collect();
        let next = self.output.by_ref().lines().next();
        assert!(next.is_some(), "the demo ended: {said:#?}");
    }
}

#[test]
fn nothing_is_left_of_a_demo_and_the_next_one_starts_at_once() {
    for (signal, whom) in ENDINGS {
        let mut demo = Demo::start();
        demo.until_said("API");
        let below = descendants(demo.shell.id());
        for program in PROGRAMS {
            assert!(
                below.values().any(|name| name.starts_with(program)),
                "{program}: {below:?}"
            );
        }
        let target = match whom {
            "-" => demo.shell.id(),
            _ => named(&below, "tidegate-demo"),
        };
        kill(signal, &format!("{whom}{target}"));
        wait::until(
            &format!("the end of the shell after {signal}"),
            LIMIT,
            || {
                let ended = demo.shell.try_wait().unwrap();
                ended.map(drop).ok_or_else(|| "it is running".to_owned())
            },
        )
        .unwrap();
        wait::until(&format!("the end of all after {signal}"), LIMIT, || {
            let left: Vec<_> = below.iter().filter(|(key, _)| is_running(key)).collect();
            left.is_empty()
                .then_some(())
                .ok_or_else(|| format!("{left:?}"))
        })
        .unwrap();
    }
}

/// A process by its id and the time of its start, since ids come again.
type Process = (u32, String);

fn kill(signal: &str, target: &str) {
    let kill = Path::new("kill");
    let said = command_output(kill, &["-s", signal, "--", target]).unwrap();
    assert_eq!(said, "");
}

fn named(processes: &BTreeMap<Process, String>, name: &str) -> u32 {
    let mut found = processes.iter().filter(|(_, other)| *other == name);
    found.next().unwrap().0.0
}

/// All processes below one, by their names.
fn descendants(of: u32) -> BTreeMap<Process, String> {
    let all: Vec<(u32, Stat)> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|id| Some((id, stat(id)?)))
        .collect();
    let mut found = BTreeMap::new();
    let mut open = vec![of];
    while let Some(parent) = open.pop() {
        for (id, stat) in all.iter().filter(|(_, stat)| stat.parent == parent) {
            open.push(*id);
            found.insert((*id, stat.start.clone()), stat.name.clone());
        }
    }
    found
}

/// Tells whether a process is there and has not ended.
fn is_running((id, start): &Process) -> bool {
    stat(*id).is_some_and(|stat| stat.start == *start && stat.state != "Z")
}

struct Stat {
    name: String,
    state: String,
    parent: u32,
    start: String,
}

/// Reads `/proc/<id>/stat` (proc_pid_stat(5)): the name is in parentheses, and may hold any letter.
fn stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (head, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    Some(Stat {
        name: head.split_once('(')?.1.to_owned(),
        state: (*fields.first()?).to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
    })
}
