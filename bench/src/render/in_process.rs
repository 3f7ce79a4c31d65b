//! Rendering within this process, where the start of a program does not count.
//!
//! The figures are processor time, which what else the machine does changes little.

use std::fs;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use tidegate_kustomize::{Cache, Options};
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
    repeat(|| render(&tree, "overlay", &Options::default()))
}

/// Renders an overlay after each change of one file, without and with a cache.
pub(super) fn again(root: &Path) -> Result<String> {
    let tree = Directory::open(root)?;
    let path = root.join("base/objects-0.yaml");
    let original = fs::read_to_string(&path)?;
    let mut revision = 0;
    let mut change = || {
        revision += 1;
        fs::write(&path, format!("{original}# revision {revision}\n"))
    };
    let whole = repeat_after(&mut change, || {
        render(&tree, "overlay", &Options::default())
    })?;
    let cache = Cache::new(usize::MAX);
    let options = Options {
        mirror: None,
        cache: Some(&cache),
    };
    render(&tree, "overlay", &options)?;
    let before = cache.counts().parsed;
    let cached = repeat_after(&mut change, || render(&tree, "overlay", &options))?;
    ensure!(
        cache.counts().parsed - before == cached.count(),
        "more than the changed file was parsed"
    );
    fs::write(&path, original)?;
    Ok(format!(
        "whole {}\n                  cached {}   {:.2} of it",
        whole,
        cached,
        cached.median() / whole.median()
    ))
}

/// Renders one and four overlays of a base.
pub(super) fn variants(root: &Path) -> Result<String> {
    let tree = Directory::open(root)?;
    let one = repeat(|| render(&tree, "variants/v0", &Options::default()))?;
    let four = repeat(|| render(&tree, "variants", &Options::default()))?;
    Ok(format!(
        "one {one}\n                  four {four}   {:.2} times as much",
        four.median() / one.median()
    ))
}

fn render(tree: &Directory, path: &str, options: &Options<'_>) -> Result<String> {
    Ok(tidegate_kustomize::render(tree, path, options)?.content)
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

fn repeat(work: impl FnMut() -> Result<String>) -> Result<Samples> {
    repeat_after(&mut || Ok(()), work)
}

/// Repeats work, each time after a change, which does not count.
fn repeat_after(
    change: &mut dyn FnMut() -> io::Result<()>,
    mut work: impl FnMut() -> Result<String>,
) -> Result<Samples> {
    let start = Instant::now();
    let mut durations = Vec::new();
    while durations.len() < 3 || start.elapsed() < PATIENCE {
        change()?;
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
