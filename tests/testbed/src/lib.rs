//! A real Kubernetes control plane and Git servers on loopback, for tests, demo and benchmarks.
//!
//! Everything that is started here stops with the value that stands for it: on drop, on panic, on
//! Ctrl-C, and when the process that holds it is killed. Nothing is reachable from other machines.

pub mod admission_server;
pub mod cache;
pub mod certificates;
pub mod client;
pub mod control_plane;
pub mod error;
pub mod git_server;
pub mod operators;
pub mod oracle;
pub mod program;
pub mod repository;
pub mod ssh_server;
pub mod upstream;
pub mod vendor;
pub mod wait;

mod binaries;
mod egress;
mod guardian;
mod port;
mod service;
mod tls_server;

pub use admission_server::{AdmissionServer, Answer};
pub use client::Client;
pub use control_plane::audit::AuditEvent;
pub use control_plane::component::Component;
pub use control_plane::{ControlPlane, Options};
pub use error::{Error, Result};
pub use git_server::{GitServer, Route};
pub use operators::{Operator, Operators};
pub use repository::{Commit, Repository, Webhook};
pub use ssh_server::{ClientKey, SshServer};
pub use upstream::Upstream;
