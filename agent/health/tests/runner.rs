//! Tables of live objects, and what is said of them.
#![cfg(test)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "tables read better with plain values"
)]

#[path = "runner/capability.rs"]
mod capability;
#[path = "runner/custom.rs"]
mod custom;
#[path = "runner/diagnosis.rs"]
mod diagnosis;
#[path = "runner/fixture.rs"]
mod fixture;
#[path = "runner/health.rs"]
mod health;
#[path = "runner/time.rs"]
mod time;
#[path = "runner/workload.rs"]
mod workload;
