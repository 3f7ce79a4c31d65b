//! The commands, one file each.

mod cluster_args;
mod completion;
mod get;
mod layers;
mod progress;
mod sync;
mod vendor;
mod version;

pub(crate) use cluster_args::ClusterArgs;
pub(crate) use completion::Completion;
pub(crate) use get::Get;
pub(crate) use sync::Sync;
pub(crate) use vendor::Vendor;
pub(crate) use version::Version;
