//! The engine against a real control plane: what a person sees of a run.
#![cfg(test)]

#[path = "runner/adoption.rs"]
mod adoption;
#[path = "runner/apply.rs"]
mod apply;
#[path = "runner/approving.rs"]
mod approving;
#[path = "runner/chunks.rs"]
mod chunks;
#[path = "runner/confirming.rs"]
mod confirming;
#[path = "runner/cuts.rs"]
mod cuts;
#[path = "runner/drift.rs"]
mod drift;
#[path = "runner/handover.rs"]
mod handover;
#[path = "runner/keeping.rs"]
mod keeping;
#[path = "runner/layers.rs"]
mod layers;
#[path = "runner/outage.rs"]
mod outage;
#[path = "runner/own_rights.rs"]
mod own_rights;
#[path = "runner/planning.rs"]
mod planning;
#[path = "runner/pruning.rs"]
mod pruning;
#[path = "runner/recovery.rs"]
mod recovery;
#[path = "runner/refusal.rs"]
mod refusal;
#[path = "runner/unproven.rs"]
mod unproven;
#[path = "runner/waiting.rs"]
mod waiting;
#[path = "runner/world.rs"]
mod world;
