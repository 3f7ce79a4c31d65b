//! A run as it is followed: one line that is rewritten on a terminal, a line for each change elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;

use anyhow::{Result, bail};
use futures::StreamExt as _;
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};
use tidegate_sync::Layer;

use crate::exit::Exit;

/// The longest line that is rewritten: a longer one would wrap, and stay.
const WIDTH: usize = 100;

/// Shows a layer as it comes, until `look` tells how that ends, and in which words.
///
/// # Errors
/// If the watch ends before, or nothing can be written.
pub(crate) async fn follow(
    api: Api<Layer>,
    name: &str,
    mut look: impl FnMut(&Layer, &mut Progress) -> io::Result<Option<(Exit, String)>>,
) -> Result<Exit> {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let layers = watcher::watcher(api, config)
        .default_backoff()
        .applied_objects();
    let mut layers = pin!(layers);
    let mut progress = Progress::new();
    while let Some(layer) = layers.next().await {
        let Ok(layer) = layer else { continue };
        progress.show(&layer)?;
        if let Some((exit, words)) = look(&layer, &mut progress)? {
            progress.end(&words)?;
            return Ok(exit);
        }
    }
    bail!("the watch of the layer ended")
}

/// Shows how far a layer has come, once for each change.
pub(crate) struct Progress {
    rewrites: bool,
    last: String,
}

impl Progress {
    fn new() -> Self {
        Self {
            rewrites: io::stderr().is_terminal(),
            last: String::new(),
        }
    }

    /// Shows the layer, unless that would say the same again.
    fn show(&mut self, layer: &Layer) -> io::Result<()> {
        let text = describe(layer);
        if text == self.last {
            return Ok(());
        }
        let mut stderr = anstream::stderr();
        if self.rewrites {
            let shown: String = text.chars().take(WIDTH).collect();
            write!(stderr, "\r\x1b[2K{shown}")?;
        } else {
            writeln!(stderr, "{text}")?;
        }
        self.last = text;
        stderr.flush()
    }

    /// Says something, and goes on.
    pub(crate) fn say(&mut self, words: &str) -> io::Result<()> {
        let last = std::mem::take(&mut self.last);
        if self.rewrites && !last.is_empty() {
            writeln!(anstream::stderr())?;
        }
        writeln!(anstream::stderr(), "{words}")
    }

    /// Ends with the outcome.
    fn end(&mut self, outcome: &str) -> io::Result<()> {
        let mut stderr = anstream::stderr();
        if self.rewrites {
            writeln!(stderr)?;
        }
        writeln!(stderr, "{outcome}")
    }
}

fn describe(layer: &Layer) -> String {
    let status = layer.status.clone().unwrap_or_default();
    let mut parts = Vec::new();
    if let Some(wave) = status.wave.as_ref().filter(|wave| wave.of > 0) {
        parts.push(format!("wave {}", wave.progress));
    }
    if let Some(owned) = &status.inventory {
        parts.push(format!(
            "{}/{} objects healthy",
            owned.healthy, owned.objects
        ));
    }
    match status.waiting_for.as_slice() {
        [] => {}
        [first, others @ ..] => {
            let more = match others.len() {
                0 => String::new(),
                count => format!(" (and {count} more)"),
            };
            parts.push(format!(
                "waits for {}: {}{more}",
                first.object, first.reason
            ));
        }
    }
    if parts.is_empty() {
        return "pending".into();
    }
    parts.join(" · ")
}
