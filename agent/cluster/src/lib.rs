//! The Kubernetes API: apply, watch, discover, diagnose.
//!
//! ```text
//! Cluster ── as_account ──► Cluster (impersonated)
//!   ├── apply, get, list, logs     one request, one deadline, errors in classes
//!   ├── Kinds                      what the API server serves, and what its discovery says of it
//!   └── LiveView                   label-filtered watches per kind, narrow watches by name
//! ```
//!
//! Nothing here knows layers, waves or Git.

mod apply;
mod class;
mod cluster;
mod connect;
mod contact;
mod counted;
mod delete;
mod error;
mod kinds;
mod lead;
mod lease;
mod live;
mod owned;
mod read;
mod takeover;
mod tenure;
mod write;

pub use apply::{Applied, ApplyOptions, Force, Mode};
pub use class::Class;
pub use cluster::Cluster;
pub use connect::{ConnectError, ConnectOptions};
pub use contact::{Contact, EARLIER_MANAGERS, first_contact, owner_of};
pub use counted::{Observer, RequestSeen};
pub use delete::Deleted;
pub use error::{ApiError, FieldConflict};
pub use kinds::{KindInfo, Kinds};
pub use lead::Lead;
pub use lease::{Announcement, Holder, Lease, LeaseError, LeaseOptions};
pub use live::{Area, Former, Live, LiveView};
pub use owned::{FieldPath, Owned, Writer, differences, normal_form};
pub use tenure::Tenure;
