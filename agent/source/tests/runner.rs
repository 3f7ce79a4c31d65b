//! Sources against real servers.
#![cfg(test)]

mod runner {
    mod cache;
    mod directory;
    mod http;
    mod limits;
    mod refs;
    mod rig;
    mod robust;
    mod ssh;
    mod tls;
    mod tree;
    mod wire;
}
