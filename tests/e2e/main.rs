//! The agent as people meet it: the real process, a real control plane, real Git servers, and what is read on them.
#![cfg(test)]

mod install;
mod place;
mod rig;
mod troubles;
