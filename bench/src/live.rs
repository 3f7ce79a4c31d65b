//! The agent as a process, on a control plane of its own, fed by a Git server.

mod audit;
mod floor;
mod large;
mod latency;
mod rig;
mod watch;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{machine, say};
use rig::Rig;

/// What is measured, and how often.
#[derive(Debug, Args)]
struct Setting {
    /// The `tidegate` program, from a release build.
    #[arg(long, value_name = "FILE", default_value = "target/release/tidegate")]
    program: PathBuf,
    /// How many pushes each way from push to live is measured by.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    times: usize,
}

/// From push to live, by webhook, by `POST …/sync` and by poll.
#[derive(Debug, Args)]
pub(crate) struct Live {
    #[command(flatten)]
    setting: Setting,
}

/// A large layer: first apply beside a bare apply loop, rest, a change of one object.
#[derive(Debug, Args)]
pub(crate) struct Large {
    #[command(flatten)]
    setting: Setting,
    /// How many objects the layer has.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    objects: usize,
}

impl Live {
    pub(crate) fn run(&self) -> Result<()> {
        say(&machine::describe())?;
        let rig = Rig::start(&self.setting.program)?;
        latency::run(&rig, self.setting.times)
    }
}

impl Large {
    pub(crate) fn run(&self) -> Result<()> {
        say(&machine::describe())?;
        let rig = Rig::start(&self.setting.program)?;
        large::run(&rig, self.objects, self.setting.times)
    }
}
