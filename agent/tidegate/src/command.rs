//! The commands, one file each.

mod agent;
mod apply;
mod build;
mod check;
mod cluster_args;
mod completion;
mod diff;
mod get;
mod install;
mod layer_files;
mod layers;
mod live;
mod plan;
mod progress;
mod render_args;
mod subject;
mod sync;
mod uninstall;
mod vendor;
mod version;
mod why;

pub(crate) use agent::{Agent, LogFormat};
pub(crate) use apply::Apply;
pub(crate) use build::Build;
pub(crate) use check::Check;
pub(crate) use cluster_args::ClusterArgs;
pub(crate) use completion::Completion;
pub(crate) use diff::Diff;
pub(crate) use get::Get;
pub(crate) use install::Install;
pub(crate) use plan::Plan;
pub(crate) use sync::Sync;
pub(crate) use uninstall::Uninstall;
pub(crate) use vendor::Vendor;
pub(crate) use version::Version;
pub(crate) use why::Why;
