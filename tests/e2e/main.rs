//! The agent as people meet it: the real process, a real control plane, real Git servers, and what is read on them.
#![cfg(test)]

mod access;
mod control;
mod incident;
mod install;
mod killed;
mod order;
mod outage;
mod place;
mod proposal;
mod questions;
mod recovery;
mod rig;
mod troubles;
mod ui;
