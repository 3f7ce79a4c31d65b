//! A run as it is followed: one line that is rewritten on a terminal, a line for each change elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::pin::pin;

use anyhow::{Result, bail};
use futures::StreamExt as _;
use kube::Api;
use kube::runtime::{WatchStreamExt as _, watcher};
use tidegate_sync::Layer;

use crate::exit::Exit;

/// The width of a terminal that does not tell its own.
const WIDTH: usize = 80;

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
    /// How many characters stand on the line that is rewritten.
    standing: usize,
}

impl Progress {
    fn new() -> Self {
        Self {
            rewrites: io::stderr().is_terminal(),
            last: String::new(),
            standing: 0,
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
            let width = terminal_size::terminal_size_of(io::stderr());
            let width = width.map_or(WIDTH, |(width, _)| usize::from(width.0));
            let (written, standing) = rewritten(self.standing, &text, width);
            write!(stderr, "{written}")?;
            self.standing = standing;
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
            self.standing = 0;
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

/// What takes the place of a line of `standing` characters on a terminal of a width, and how many characters then stand:
/// never more than fit. In a terminal that has become narrower the line is by now several.
fn rewritten(standing: usize, text: &str, width: usize) -> (String, usize) {
    let width = width.max(2);
    let above = standing.saturating_sub(1).div_euclid(width);
    let up = match above {
        0 => String::new(),
        above => format!("\x1b[{above}A"),
    };
    let shown: String = text.chars().take(width.saturating_sub(1)).collect();
    let count = shown.chars().count();
    (format!("\r{up}\x1b[J{shown}"), count)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_the_place_of_the_last_one_however_wide_the_terminal_is_by_then() {
        for (standing, text, width, expected) in [
            (0, "wave 1/3", 80, ("\r\x1b[Jwave 1/3", 8)),
            (79, "wave 2/3", 80, ("\r\x1b[Jwave 2/3", 8)),
            (79, "wave 2/3", 40, ("\r\x1b[1A\x1b[Jwave 2/3", 8)),
            (79, "wave 2/3", 6, ("\r\x1b[13A\x1b[Jwave ", 5)),
            (8, "größer", 4, ("\r\x1b[1A\x1b[Jgrö", 3)),
            (3, "wave", 0, ("\r\x1b[1A\x1b[Jw", 1)),
        ] {
            let (written, count) = rewritten(standing, text, width);
            assert_eq!(
                (written.as_str(), count),
                expected,
                "{standing} {text} {width}"
            );
        }
    }
}
