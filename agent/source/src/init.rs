//! The settings of libgit2 that hold for the whole process: the only unsafe code.
#![expect(
    unsafe_code,
    reason = "libgit2's global settings are functions that must not run beside others"
)]

use std::ffi::{CString, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use git2::ConfigLevel;

use crate::http;

/// Between connects and answers of ssh; http and https have deadlines of their own.
const SILENCE: Duration = Duration::from_secs(20);
/// What libgit2 may keep of unpacked objects, in bytes.
const OBJECTS_IN_MEMORY: isize = 16 << 20;

/// Sets libgit2 up once, before its first use; returns the folder that it takes for the home.
///
/// No file outside of the cache steers it: neither `/etc/gitconfig` nor a user's configuration,
/// known hosts or keys.
pub(crate) fn init() -> io::Result<&'static Path> {
    static HOME: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let home = HOME.get_or_init(|| {
        // A process that set up its own provider keeps it.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let home = tempfile::Builder::new().prefix("tidegate-home-").tempdir();
        let home = home.map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let path = home.keep();
        set_up(&path).map_err(|error| error.message().to_owned())?;
        Ok(path)
    });
    home.as_deref()
        .map_err(|error| io::Error::other(error.clone()))
}

fn set_up(home: &Path) -> Result<(), git2::Error> {
    let silence = c_int::try_from(SILENCE.as_millis()).unwrap_or(c_int::MAX);
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
        git2::opts::set_server_connect_timeout_in_milliseconds(silence)?;
        git2::opts::set_server_timeout_in_milliseconds(silence)?;
        git2::opts::set_cache_max_size(OBJECTS_IN_MEMORY)?;
        set_home(home)?;
        git2::transport::register("http", http::transport)?;
        git2::transport::register("https", http::transport)
    }
}

/// libssh2 learns from `~/.ssh/known_hosts` which kind of host key to ask for.
unsafe fn set_home(home: &Path) -> Result<(), git2::Error> {
    let home = CString::new(home.as_os_str().as_bytes())?;
    let option = libgit2_sys::GIT_OPT_SET_HOMEDIR.cast_signed();
    // SAFETY: the option takes one C string, and copies it.
    let code = unsafe { libgit2_sys::git_libgit2_opts(option, home.as_ptr()) };
    if code < 0 {
        return Err(git2::Error::last_error(code));
    }
    Ok(())
}
