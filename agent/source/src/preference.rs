//! Which kinds of host keys libssh2 asks a server for: those that are known.
//!
//! Without this a server that shows its newest kind of key would be unknown, though an older kind
//! is in `known_hosts`. libgit2 reads the kinds from one file of the process, so that file holds the
//! hosts of all sources; whether a key is trusted is never decided by it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use crate::known_hosts::Host;
use crate::session::lock;

/// The lines of each host, as the source wants them that talked to it last.
static HOSTS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Asks a host for the kinds of keys that a source knows of it.
pub(crate) fn prefer(home: &Path, host: &Host, known_hosts: &str) -> io::Result<()> {
    let lines = host.lines(known_hosts);
    let file = home.join(".ssh/known_hosts");
    let mut hosts = lock(&HOSTS);
    if hosts.get(host.name()) == Some(&lines) && file.exists() {
        return Ok(());
    }
    hosts.insert(host.name().to_owned(), lines);
    let text: String = hosts.values().map(String::as_str).collect();
    fs::create_dir_all(home.join(".ssh"))?;
    let unfinished = file.with_extension("new");
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, &file)
}
