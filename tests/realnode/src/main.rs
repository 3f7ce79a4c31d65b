//! The node's commands for a person: build its programs, run one.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tidegate_realnode::{Node, parts};
use tidegate_testbed::binaries::Binaries;
use tidegate_testbed::{Error, Result};

const USAGE: &str = "\
Usage: tidegate-realnode COMMAND

Commands:
  build    Builds the node's programs into the cache, if they are not there
  up       Runs a node until its input ends or Ctrl-C, and prints its kubeconfig
";

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).unwrap_or_default().as_str() {
        "build" => build(),
        "up" => up(),
        _ => {
            // Nothing can be done if even the usage cannot be shown.
            drop(write!(io::stderr(), "{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn build() -> Result<()> {
    for recipe in [&parts::KUBERNETES, &parts::CONTAINERD, &parts::COREDNS] {
        say(&Binaries::ready(recipe)?.folder().display().to_string())?;
    }
    Ok(())
}

fn up() -> Result<()> {
    let node = Node::start()?;
    say(&format!(
        "export KUBECONFIG={}",
        node.control_plane().kubeconfig().display()
    ))?;
    io::copy(&mut io::stdin(), &mut io::sink())
        .map(drop)
        .map_err(Error::file("stdin"))
}

fn say(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").map_err(Error::file("stdout"))
}
