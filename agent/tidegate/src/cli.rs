//! What can be typed.

use std::pin::Pin;

use clap::{Parser, Subcommand};

use crate::command::{
    Agent, Apply, Approve, Build, Check, Completion, Confirm, Diff, Events, Get, History, Install,
    Plan, Resume, Rollback, Suspend, Sync, Trace, Tree, Ui, Uninstall, Vendor, Version, Why,
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
    Ui(Ui),
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

    /// Does what was asked, or says what is to be waited for.
    pub(crate) fn run(&self) -> Running<'_> {
        match &self.command {
            Command::Agent(command) => later(command.run()),
            Command::Apply(command) => later(command.run()),
            Command::Approve(command) => later(command.run()),
            Command::Build(command) => Running::Over(command.run()),
            Command::Check(command) => later(command.run()),
            Command::Completion(command) => Running::Over(command.run()),
            Command::Confirm(command) => later(command.run()),
            Command::Diff(command) => later(command.run()),
            Command::Events(command) => later(command.run()),
            Command::Get(command) => later(command.run()),
            Command::History(command) => later(command.run()),
            Command::Install(command) => later(command.run()),
            Command::Plan(command) => later(command.run()),
            Command::Resume(command) => later(command.run()),
            Command::Rollback(command) => later(command.run()),
            Command::Suspend(command) => later(command.run()),
            Command::Sync(command) => later(command.run()),
            Command::Trace(command) => later(command.run()),
            Command::Tree(command) => later(command.run()),
            Command::Ui(command) => later(command.run()),
            Command::Uninstall(command) => later(command.run()),
            Command::Vendor(command) => later(command.run()),
            Command::Version(command) => later(command.run()),
            Command::Why(command) => later(command.run()),
        }
    }
}

/// A command that was begun: what needs neither the network nor to wait for anything is over at once.
pub(crate) enum Running<'a> {
    Over(anyhow::Result<Exit>),
    Later(Pin<Box<dyn Future<Output = anyhow::Result<Exit>> + 'a>>),
}

fn later<'a>(command: impl Future<Output = anyhow::Result<Exit>> + 'a) -> Running<'a> {
    Running::Later(Box::pin(command))
}
