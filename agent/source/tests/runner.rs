//! Sources against real servers.
#![cfg(test)]

mod runner {
    mod cache;
    mod http;
    mod rig;
    mod ssh;
}
