//! Rendering within this process, where the start of a program does not count.
//!
//! The figures are processor time, which what else the machine does changes little.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use tidegate_kustomize::Options;
use tidegate_source::Directory;
use tidegate_yaml::{Limits, emit_all, parse_documents};

use crate::cost;
use crate::object::{self, Kind};
use crate::samples::Samples;

/// How long the repetitions go on, at least.
const PATIENCE: Duration = Duration::from_millis(500);

/// Reads, builds and emits the overlay of a folder again and again.
pub(super) fn build(root: &Path) -> Result<Samples> {
    let tree = Directory::open(root)?;
    repeat(|| {
        let output = tidegate_kustomize::render(&tree, "overlay", &Options::default())?;
        Ok(output.to_yaml())
    })
}

/// Reads ConfigMaps and emits them, without building anything.
pub(super) fn read_and_emit(count: usize) -> Result<Samples> {
    let map = object::sample(Kind::ConfigMap.first(0)).value;
    let text = emit_all(&vec![map; count]);
    repeat(|| {
        let documents = parse_documents(black_box(&text), &Limits::default())?;
        let values: Result<Vec<_>, _> = documents.iter().map(|each| each.root.to_json()).collect();
        Ok(emit_all(&values?))
    })
}

fn repeat(mut work: impl FnMut() -> Result<String>) -> Result<Samples> {
    let start = Instant::now();
    let mut durations = Vec::new();
    while durations.len() < 3 || start.elapsed() < PATIENCE {
        let begin = processor()?;
        let text = work()?;
        durations.push(processor()?.saturating_sub(begin));
        ensure!(!text.is_empty(), "nothing was rendered");
    }
    Ok(Samples::new(&durations))
}

/// The processor time of this thread; rendering starts no other.
fn processor() -> Result<Duration> {
    Ok(cost::processor(&getrusage(UsageWho::RUSAGE_THREAD)?))
}
