//! Plans of manifests, as fixtures and as random graphs.
#![cfg(test)]

mod runner {
    mod facts;
    mod fixtures;
    mod graphs;
    mod hash;
    mod manifest;
    mod settings;
    mod text;
}
