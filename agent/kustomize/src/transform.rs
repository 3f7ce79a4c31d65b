//! What a kustomization does to objects, a file for each field.

pub(crate) mod entries;
pub(crate) mod hash;
pub(crate) mod images;
pub(crate) mod name_reference;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod patches;
pub(crate) mod replacements;
pub(crate) mod replicas;
pub(crate) mod sort;
pub(crate) mod value_add;
pub(crate) mod vars;
