//! Schemas against tables, and against a real API server.
#![cfg(test)]

mod differential;
mod objects;
mod table;
