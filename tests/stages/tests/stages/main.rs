//! What the database layer and its stages promise.
#![cfg(test)]

mod accepted;
mod contents;
mod deployer;
mod order;
mod stage;
