//! Tables of live objects and what is said of them.

#[path = "runner/capability.rs"]
mod capability;
#[path = "runner/diagnosis.rs"]
mod diagnosis;
#[path = "runner/health.rs"]
mod health;
