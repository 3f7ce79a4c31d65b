//! The controller against a real API server and real Git servers.
#![cfg(test)]

#[path = "controller/approving.rs"]
mod approving;
#[path = "controller/control.rs"]
mod control;
#[path = "controller/deleting.rs"]
mod deleting;
#[path = "controller/following.rs"]
mod following;
#[path = "controller/layer_api.rs"]
mod layer_api;
#[path = "controller/order.rs"]
mod order;
#[path = "controller/pruning.rs"]
mod pruning;
#[path = "controller/stage.rs"]
mod stage;
#[path = "controller/trouble.rs"]
mod trouble;
