//! The renderer seen from outside: alone, and beside the real kustomize 5.8.1.
#![cfg(test)]

mod cases;
mod differential;
mod knowledge;
mod library;
mod oracle;
mod overlays;
mod random;
mod tree;
