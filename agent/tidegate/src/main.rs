//! The tidegate command: the agent, and the command line that answers questions.

mod agent;
mod cli;
mod command;
mod exit;
mod manifests;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Running};
use crate::exit::Exit;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.run() {
        Running::Over(ended) => exit_code(ended),
        Running::Later(command) => wait_for(&cli, command),
    }
}

fn wait_for(cli: &Cli, command: impl Future<Output = anyhow::Result<Exit>>) -> ExitCode {
    // One provider for every TLS connection; it is set once, so the result says nothing.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::failed(&error.into()),
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = command => ended,
            () = exit::interrupted(), if !cli.ends_itself() => Ok(Exit::Interrupted),
        }
    });
    // Blocking work that is under way is not waited for.
    runtime.shutdown_background();
    exit_code(ended)
}

fn exit_code(ended: anyhow::Result<Exit>) -> ExitCode {
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => exit::failed(&error),
    }
}

#[cfg(test)]
mod reference;
