//! The rig's commands for a person: build the control plane, run one, fill `vendor/`.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tidegate_testbed::{ControlPlane, Error, Operators, Options, Result, control_plane, vendor};

const USAGE: &str = "\
Usage: tidegate-testbed COMMAND

Commands:
  build    Builds the control plane into the cache, if it is not there
  up       Runs a control plane until its input ends or Ctrl-C, and prints its kubeconfig
  vendor   Copies what the lock files below the current folder pin to vendor/
";
const PACE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let done = match command.as_str() {
        "build" => control_plane::build().and_then(|folder| say(&folder.display().to_string())),
        "up" => up(),
        "vendor" => vendor::fill(Path::new("."))
            .and_then(|digests| say(&format!("vendor: {} files", digests.len()))),
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

fn up() -> Result<()> {
    let control_plane = ControlPlane::start(&Options::default())?;
    let _operators = Operators::start(&control_plane, PACE)?;
    say(&format!(
        "export KUBECONFIG={}",
        control_plane.kubeconfig().display()
    ))?;
    io::copy(&mut io::stdin(), &mut io::sink())
        .map(drop)
        .map_err(input)
}

fn say(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").map_err(|source| Error::File {
        path: "stdout".into(),
        source,
    })
}

fn input(source: io::Error) -> Error {
    Error::File {
        path: "stdin".into(),
        source,
    }
}
