//! A real Kubernetes control plane and Git servers on loopback, for tests, demo and benchmarks.
//!
//! Everything that is started here stops with the value that stands for it: on drop, on panic, on
//! Ctrl-C, and when the process that holds it is killed. Nothing is reachable from other machines.
//!
//! ```no_run
//! use std::time::Duration;
//! use tidegate_testbed::{Commit, ControlPlane, GitServer, Operators, Options, Route, Upstream};
//!
//! # fn main() -> tidegate_testbed::Result<()> {
//! let control_plane = ControlPlane::start(&Options::default())?;
//! let operators = Operators::start(&control_plane, Duration::from_millis(100))?;
//! control_plane.install_crds(&[Upstream::Cnpg])?;
//! let git = GitServer::start()?;
//! let repository = git.create("platform")?;
//! let commit = repository.push(&Commit::on("main").file("layer/web.yaml", "kind: Deployment\n"))?;
//! let url = git.https_url(Route::Open, "platform");
//! let writes = control_plane.audit()?.into_iter().filter(|event| event.is_write()).count();
//! # drop((operators, commit, url, writes));
//! # Ok(())
//! # }
//! ```

pub mod admission_server;
pub mod agent;
pub mod binaries;
pub mod cache;
pub mod certificates;
pub mod client;
pub mod control_plane;
pub mod error;
pub mod fault_proxy;
pub mod git_server;
pub mod guardian;
pub mod invariants;
pub mod operators;
pub mod oracle;
pub mod program;
pub mod prometheus;
pub mod repository;
pub mod ssh_server;
pub mod stage;
pub mod upstream;
pub mod vendor;
pub mod wait;

mod egress;
mod port;
mod service;
mod tls_server;

pub use admission_server::{AdmissionServer, Answer};
pub use agent::{Access, Agent, AgentOptions, Container};
pub use client::Client;
pub use control_plane::audit::AuditEvent;
pub use control_plane::component::Component;
pub use control_plane::{ControlPlane, Options};
pub use error::{Error, Result};
pub use fault_proxy::{Fault, FaultProxy, Rule, Which};
pub use git_server::{GitServer, Route};
pub use operators::{Operator, Operators};
pub use program::command_output;
pub use prometheus::{Prometheus, promtool};
pub use repository::{Commit, Repository, Webhook};
pub use ssh_server::{ClientKey, SshServer};
pub use upstream::Upstream;
