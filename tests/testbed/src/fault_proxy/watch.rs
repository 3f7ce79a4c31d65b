//! An answer that comes in parts, as a watch's does: each part is passed on as it comes.

use std::io::{self, BufRead as _, Write as _};

use serde_json::json;

use super::Shared;
use super::message;
use super::relay::{Downstream, Next, Upstream, is_gone, pause};
use super::script::Watches;

/// Passes a chunked answer on until it ends, or something is done to all watches.
pub(super) fn stream(
    shared: &Shared,
    client: &mut Downstream,
    server: &mut Upstream,
    head: &[u8],
) -> io::Result<Next> {
    let start = shared.script().watches;
    let mut bytes = head.to_vec();
    loop {
        client.get_mut().write_all(&bytes)?;
        client.get_mut().flush()?;
        bytes.clear();
        if !wait_for_part(shared, (client, server), start)? {
            return Ok(Next::End);
        }
        if message::read_chunk(server, &mut bytes)? {
            client.get_mut().write_all(&bytes)?;
            client.get_mut().flush()?;
            return Ok(Next::Request);
        }
    }
}

/// Waits until there is a part to pass on; tells whether there is.
fn wait_for_part(
    shared: &Shared,
    (client, server): (&mut Downstream, &mut Upstream),
    start: Watches,
) -> io::Result<bool> {
    loop {
        let part = server.fill_buf().map(drop);
        // What was done to watches before this part came counts for it.
        let now = shared.script().watches;
        if now.cuts != start.cuts || is_gone(client) {
            return Ok(false);
        }
        if now.expiries != start.expiries {
            client.get_mut().write_all(expired().as_bytes())?;
            client.get_mut().flush()?;
            return Ok(false);
        }
        match part {
            Ok(()) if now.stalls == start.stalls => return Ok(true),
            // What is there already makes no wait.
            Ok(()) => pause(),
            Err(error) if message::is_early(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

/// The event that ends a watch whose version is too old, and the end of the answer.
fn expired() -> String {
    let event = json!({"type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410, "reason": "Expired",
        "message": "too old resource version: 1 (2)",
    }});
    let line = format!("{event}\n");
    format!("{:x}\r\n{line}\r\n0\r\n\r\n", line.len())
}
