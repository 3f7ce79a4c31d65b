//! What a machine must have and allow before a node can start on it.

use std::fs;

use tidegate_testbed::program::{self, Requirement};
use tidegate_testbed::{Error, Result};

const PROGRAMS: [Requirement; 7] = [
    debian("runc", "runc"),
    debian("nft", "nftables"),
    debian("ip", "iproute2"),
    debian("unshare", "util-linux"),
    debian("nsenter", "util-linux"),
    debian("conntrack", "conntrack"),
    debian("sysctl", "procps"),
];
/// The plugins of the node's network.
const PLUGINS: [&str; 4] = ["bridge", "host-local", "loopback", "portmap"];

/// Says what is missing, if anything is.
///
/// # Errors
/// [`Error::Missing`] with the Debian package to install; [`Error::Unsupported`] for what a machine refuses.
pub fn check() -> Result<()> {
    let user = program::output(program::command("id").arg("-u"))?;
    if user.trim() != "0" {
        return Err(unsupported("only root may make the node's namespaces"));
    }
    for requirement in &PROGRAMS {
        program::find(requirement)?;
    }
    let plugins = std::path::Path::new("/usr/lib/cni");
    for plugin in PLUGINS {
        if !plugins.join(plugin).is_file() {
            return Err(Error::Missing {
                program: plugin.to_owned(),
                purpose: "the network of the node's pods",
                hint: "install containernetworking-plugins",
            });
        }
    }
    let systems = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    if !systems.lines().any(|line| line.ends_with("overlay")) {
        return Err(unsupported("the kernel has no overlay file system"));
    }
    if !std::path::Path::new("/sys/fs/cgroup/memory").is_dir() {
        return Err(unsupported(
            "control groups of version 1 are not mounted, which the node is set up for",
        ));
    }
    Ok(())
}

const fn debian(program: &'static str, package: &'static str) -> Requirement {
    Requirement {
        program,
        purpose: "a node of its own on this machine",
        hint: package,
    }
}

const fn unsupported(hint: &'static str) -> Error {
    Error::Unsupported {
        what: "a real node on this machine",
        hint,
    }
}
