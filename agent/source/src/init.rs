//! The settings of libgit2 that hold for the whole process: the only unsafe code.
#![expect(
    unsafe_code,
    reason = "libgit2's global settings are functions that must not run beside others"
)]

use std::sync::OnceLock;

use git2::ConfigLevel;

use crate::{http, ssh};

/// What libgit2 may keep of unpacked objects, in bytes.
const OBJECTS_IN_MEMORY: isize = 16 << 20;
/// How many packs libgit2 may hold open: each tree that somebody keeps is one or more.
const OPEN_PACKS: usize = 128;

/// Sets libgit2 up once, before its first use.
///
/// No file outside of the cache steers it: neither `/etc/gitconfig` nor a user's configuration.
pub(crate) fn init() -> Result<(), git2::Error> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        // A process that set up its own provider keeps it.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        set_up().map_err(|error| error.message().to_owned())
    });
    done.clone().map_err(|error| git2::Error::from_str(&error))
}

fn set_up() -> Result<(), git2::Error> {
    let levels = [
        ConfigLevel::System,
        ConfigLevel::Global,
        ConfigLevel::XDG,
        ConfigLevel::ProgramData,
    ];
    // SAFETY: `init` runs this once, and every other call of libgit2 in the process comes after it:
    // they are all in this crate, behind `Repositories::open`.
    unsafe {
        for level in levels {
            git2::opts::set_search_path(level, "")?;
        }
        // The cache is ours, whoever owns its volume.
        git2::opts::set_verify_owner_validation(false)?;
        git2::opts::set_cache_max_size(OBJECTS_IN_MEMORY)?;
        git2::opts::set_mwindow_file_limit(OPEN_PACKS)?;
        git2::transport::register("http", http::transport)?;
        git2::transport::register("https", http::transport)?;
        git2::transport::register("ssh", ssh::transport)
    }
}
