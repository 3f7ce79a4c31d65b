//! A watch of ConfigMaps from outside, which sees when a change is live.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::SystemTime;

use anyhow::{Result, bail};
use serde_json::Value;
use tidegate_testbed::Client;

use super::rig::LIMIT;

/// The changes of a namespace's ConfigMaps, as they come.
pub(super) struct Watch(Receiver<Seen>);

struct Seen {
    at: SystemTime,
    name: String,
    revision: String,
}

impl Watch {
    /// Begins to watch; the thread ends with the control plane.
    pub(super) fn start(client: &Client, namespace: &str) -> Result<Self> {
        let path = format!("/api/v1/namespaces/{namespace}/configmaps");
        let events = client.watch(&format!("{path}?watch=true&timeoutSeconds=86400"))?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for event in events {
                if sender.send(seen(&event)).is_err() {
                    return;
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Waits until a ConfigMap has a value; answers when that was seen.
    pub(super) fn until(&self, name: &str, revision: &str) -> Result<SystemTime> {
        loop {
            match self.0.recv_timeout(LIMIT) {
                Ok(seen) if seen.name == name && seen.revision == revision => return Ok(seen.at),
                Ok(_) => {}
                Err(_) => bail!("configmap/{name} is not at revision {revision} after {LIMIT:?}"),
            }
        }
    }
}

fn seen(event: &Value) -> Seen {
    let at = SystemTime::now();
    let text = |pointer: &str| {
        let text = event.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    Seen {
        at,
        name: text("/object/metadata/name"),
        revision: text("/object/data/revision"),
    }
}
