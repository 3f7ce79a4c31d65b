//! The server as its callers see it, over real connections.
#![cfg(test)]

mod access;
mod api;
mod dashboard;
mod docs;
mod events;
mod hooks;
mod limits;
mod openapi;
mod probes;
mod problems;
mod rig;
mod standby;
mod tls;
