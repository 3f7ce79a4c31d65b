//! Plans of manifests, as fixtures and as random graphs.
#![cfg(test)]

mod runner {
    mod fixtures;
    mod manifest;
    mod text;
}
