//! The controller against a real API server and real Git servers.
#![cfg(test)]

#[path = "controller/layer_api.rs"]
mod layer_api;
