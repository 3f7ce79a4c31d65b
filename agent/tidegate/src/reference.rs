//! The reference of the command line in the documentation, which is clap's own help.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/cli.md");
/// The width of the help, whatever the terminal's is.
const WIDTH: usize = 100;

fn page() -> String {
    let mut command = stable(Cli::command());
    command.build();
    let mut page = String::from(
        "<!-- Generated from the help of the commands: `make generate` writes it anew. -->\n\n# Command line\n",
    );
    block(&mut page, &mut command);
    for subcommand in command.get_subcommands_mut() {
        if subcommand.get_name() == "help" {
            continue;
        }
        let _ = writeln!(page, "\n## tidegate {}", subcommand.get_name());
        block(&mut page, subcommand);
    }
    page
}

/// Takes the terminal and the environment out of the help.
fn stable(command: Command) -> Command {
    let command = command.term_width(WIDTH);
    command.mut_subcommands(|subcommand| subcommand.mut_args(|arg| arg.hide_env_values(true)))
}

fn block(page: &mut String, command: &mut Command) {
    let help = command.render_long_help().to_string();
    let lines = help.lines().map(str::trim_end);
    let text = lines.collect::<Vec<_>>().join("\n");
    let _ = writeln!(page, "\n```text\n{}\n```", text.trim_end());
}

#[test]
fn the_committed_reference_is_current() {
    let current = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(COMMITTED, &current).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert_eq!(committed, current, "run `make generate`");
}
