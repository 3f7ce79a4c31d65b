//! Measurements of Tidegate beside what it is compared with, in the same run.

mod cost;
mod live;
mod machine;
mod object;
mod render;
mod samples;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures Tidegate beside what it is compared with, in the same run.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Renders overlays with kustomize and with Tidegate, and compares the outputs byte for byte.
    Render(render::Render),
    /// Runs the agent with a small layer: from push to live, by webhook, by `POST …/sync` and by poll.
    Live(live::Live),
    /// Runs the agent with a large layer: first apply beside a bare apply loop, rest, a change of one object.
    Large(live::Large),
    /// Runs one program to its end, and prints as JSON what it cost.
    #[command(hide = true)]
    Cost(cost::Measure),
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Render(render) => render.run(),
        Command::Live(live) => live.run(),
        Command::Large(large) => large.run(),
        Command::Cost(measure) => measure.run(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done if even the error cannot be shown.
            drop(writeln!(io::stderr(), "error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Writes one line for the person who reads the figures.
fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
