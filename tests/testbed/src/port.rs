//! Loopback ports that no other rig on this machine uses.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};

use crate::{Error, Result, cache};

/// Below the range from which systems pick the ports of outgoing connections.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// A port on 127.0.0.1, leased until the value is dropped, also while nothing listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _lease: File,
}

impl Port {
    /// Leases a port on which nothing listens.
    pub(crate) fn lease() -> Result<Self> {
        let folder = cache::subfolder("ports")?;
        let start = std::process::id().wrapping_mul(97);
        for step in 0..u32::from(COUNT) {
            let offset = start.wrapping_add(step) % u32::from(COUNT);
            let Ok(offset) = u16::try_from(offset) else {
                continue;
            };
            let number = FIRST + offset;
            let lease = cache::open_lock(&folder.join(number.to_string()))?;
            if lease.try_lock().is_ok() && is_free(number) {
                return Ok(Self {
                    number,
                    _lease: lease,
                });
            }
        }
        Err(Error::Unsupported {
            what: "one more server on loopback",
            hint: "no port between 20000 and 30000 is free",
        })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
