//! What can be typed.

use clap::{Parser, Subcommand};

use crate::command::{
    Agent, Apply, Approve, Build, Check, Completion, Confirm, Diff, Events, Get, History, Install,
    Plan, Resume, Rollback, Suspend, Sync, Trace, Tree, Uninstall, Vendor, Version, Why,
};
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
    Agent(Box<Agent>),
    Apply(Apply),
    Approve(Approve),
    Build(Build),
    Check(Check),
    Completion(Completion),
    Confirm(Confirm),
    Diff(Diff),
    Events(Events),
    Get(Get),
    History(History),
    Install(Install),
    Plan(Plan),
    Resume(Resume),
    Rollback(Rollback),
    Suspend(Suspend),
    Sync(Sync),
    Trace(Trace),
    Tree(Tree),
    Uninstall(Uninstall),
    Vendor(Vendor),
    Version(Version),
    Why(Why),
}

impl Cli {
    /// Tells whether the command ends by itself when somebody presses Ctrl-C.
    pub(crate) fn ends_itself(&self) -> bool {
        matches!(self.command, Command::Agent(_))
    }

    /// Does what was asked if it needs neither the network nor to wait for anything.
    pub(crate) fn run_alone(&self) -> Option<anyhow::Result<Exit>> {
        match &self.command {
            Command::Build(command) => Some(command.run()),
            Command::Completion(command) => Some(command.run()),
            Command::Version(command) => command.run_alone(),
            _ => None,
        }
    }

    /// Does what was asked.
    pub(crate) async fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Agent(command) => command.run().await,
            Command::Apply(command) => command.run().await,
            Command::Approve(command) => command.run().await,
            Command::Build(command) => command.run(),
            Command::Check(command) => command.run().await,
            Command::Completion(command) => command.run(),
            Command::Confirm(command) => command.run().await,
            Command::Diff(command) => command.run().await,
            Command::Events(command) => command.run().await,
            Command::Get(command) => command.run().await,
            Command::History(command) => command.run().await,
            Command::Install(command) => command.run().await,
            Command::Plan(command) => command.run().await,
            Command::Resume(command) => command.run().await,
            Command::Rollback(command) => command.run().await,
            Command::Suspend(command) => command.run().await,
            Command::Sync(command) => command.run().await,
            Command::Trace(command) => command.run().await,
            Command::Tree(command) => command.run().await,
            Command::Uninstall(command) => command.run().await,
            Command::Vendor(command) => command.run().await,
            Command::Version(command) => command.run().await,
            Command::Why(command) => command.run().await,
        }
    }
}
