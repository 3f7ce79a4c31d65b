//! What can be typed.

use clap::{Parser, Subcommand};

use crate::command::{Completion, Get, Sync, Vendor, Version};
use crate::exit::Exit;

/// Brings Kubernetes clusters to what Git says, in dependency waves, and says what it waits for.
///
/// Exit codes: 0 done or no change, 1 changes or not ready, 2 error, 130 interrupted.
#[derive(Debug, Parser)]
#[command(
    name = "tidegate",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Completion(Completion),
    Get(Get),
    Sync(Sync),
    Vendor(Vendor),
    Version(Version),
}

impl Cli {
    /// Does what was asked.
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Completion(command) => command.run(),
            Command::Get(command) => command.run().await,
            Command::Sync(command) => command.run().await,
            Command::Vendor(command) => command.run().await,
            Command::Version(command) => command.run().await,
        }
    }
}
