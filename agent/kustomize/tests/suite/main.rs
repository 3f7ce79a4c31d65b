//! The renderer seen from outside: alone, and beside the real kustomize 5.8.1.
#![cfg(test)]

mod cached;
mod cases;
mod coverage;
mod differential;
mod every_field;
mod fuzz;
mod knowledge;
mod library;
mod not_run;
mod oracle;
mod overlays;
mod random;
mod replacements;
mod shared;
mod structured;
mod tree;
