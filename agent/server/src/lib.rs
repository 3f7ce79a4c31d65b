//! The HTTP face of the agent: probes and metrics, the API, webhooks, the dashboard.
//!
//! ```text
//! metrics port ── /healthz /readyz /metrics                          plain, open to whoever reaches the port
//! API port ────── /api/v1/…  Access (TokenReview, SubjectAccessReview) ──► Fleet
//!            ├─── /hooks/…   Receivers (a secret each) ──► Poller ──► Fleet::poll
//!            └─── /          the files of the dashboard, which reads the API
//! ```
//!
//! Nothing here knows how a run works: it reads a [`tidegate_sync::Fleet`], and asks it for syncs and polls.

mod access;
mod api;
mod backend;
mod cache;
mod certificate;
mod connection;
mod dashboard;
mod folder;
mod guardrail;
mod hooks;
mod leader;
mod options;
mod probes;
mod problem;
mod readiness;
mod server;
mod telemetry;

pub use backend::Backend;
pub use certificate::CertificateError;
pub use folder::FolderError;
pub use leader::{Address, UnsafeAddress};
pub use options::{Access, Options};
pub use readiness::Readiness;
pub use server::{ServeError, Server};
pub use telemetry::{HookOutcome, Telemetry};
