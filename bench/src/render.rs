//! `render`: kustomize and Tidegate over the same overlays.

mod in_process;
mod overlay;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use tempfile::TempDir;
use tidegate_testbed::oracle;

use crate::cost::{self, Cost};
use crate::samples::{float, mebibytes};
use crate::{machine, say};

/// The objects of a small layer.
const SMALL: usize = 20;
/// How many ConfigMaps are read and emitted.
const MAPS: usize = 5000;

/// Renders overlays with kustomize and with Tidegate, and compares the outputs byte for byte.
#[derive(Debug, Args)]
pub(crate) struct Render {
    /// The `tidegate` program, from a release build.
    #[arg(long, value_name = "FILE", default_value = "target/release/tidegate")]
    program: PathBuf,
    /// How many objects both render; kustomize takes minutes for 5000.
    #[arg(
        long,
        value_name = "COUNT",
        value_delimiter = ',',
        default_value = "20,100,1000"
    )]
    objects: Vec<usize>,
    /// How many objects only Tidegate renders, to show that its time grows with their number.
    #[arg(
        long,
        value_name = "COUNT",
        value_delimiter = ',',
        default_value = "5000,50000"
    )]
    own_objects: Vec<usize>,
    /// How often each process is run; the fastest run counts.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    times: usize,
}

/// A folder with overlays, and the programs that render them.
struct Site<'a> {
    render: &'a Render,
    folder: TempDir,
}

impl Render {
    pub(crate) fn run(&self) -> Result<()> {
        let kustomize = oracle::kustomize()?;
        let site = Site {
            render: self,
            folder: TempDir::new()?,
        };
        say(&machine::describe())?;
        say("render, whole processes: the run with the least processor time")?;
        for &count in &self.objects {
            let overlay = site.overlay(count)?;
            let (ours, text) = site.cost(&self.program, &overlay, "tidegate")?;
            let (theirs, expected) = site.cost(&kustomize, &overlay, "kustomize")?;
            ensure!(
                is_same(&text, &expected)?,
                "{count} objects: the outputs differ: {} {}",
                text.display(),
                expected.display()
            );
            say(&line(count, "kustomize 5.8.1", &theirs))?;
            say(&line(count, "tidegate build", &ours))?;
            say(&ratio(&ours, &theirs))?;
        }
        for &count in &self.own_objects {
            let (ours, _) = site.cost(&self.program, &site.overlay(count)?, "tidegate")?;
            say(&line(count, "tidegate build", &ours))?;
        }
        self.in_process(&site)
    }

    /// Comes last: what this process holds would count as the peak of those that it starts.
    fn in_process(&self, site: &Site<'_>) -> Result<()> {
        say("render, in process, processor time: read, build, emit")?;
        let counts = [SMALL].into_iter().chain(self.objects.iter().copied());
        for count in counts.chain(self.own_objects.iter().copied()) {
            site.overlay(count)?;
            let samples = in_process::build(&site.root(count))?;
            let each = samples.median() * 1e6 / float(count);
            say(&format!(
                "{count:7} objects   {samples}   {each:6.1} µs an object"
            ))?;
        }
        say("render again, in process: one file of the base has changed")?;
        for &count in &self.objects {
            say(&format!(
                "{count:7} objects   {}",
                in_process::again(&site.root(count))?
            ))?;
        }
        say("render four overlays of one base in one build, in process")?;
        for &count in &self.objects {
            say(&format!(
                "{count:7} objects   {}",
                in_process::variants(&site.root(count))?
            ))?;
        }
        let samples = in_process::read_and_emit(MAPS)?;
        say("read and emit ConfigMaps of a kibibyte, in process, processor time")?;
        Ok(say(&format!("{MAPS:7} objects   {samples}"))?)
    }
}

impl Site<'_> {
    fn root(&self, count: usize) -> PathBuf {
        self.folder.path().join(count.to_string())
    }

    /// Writes an overlay unless it is there.
    fn overlay(&self, count: usize) -> Result<PathBuf> {
        let root = self.root(count);
        if root.exists() {
            return Ok(root.join("overlay"));
        }
        overlay::write(&root, count)
    }

    /// Runs `build` of a program over an overlay; answers the cheapest run, and the file of its output.
    fn cost(&self, program: &Path, overlay: &Path, name: &str) -> Result<(Cost, PathBuf)> {
        let output = overlay.with_file_name(format!("{name}.yaml"));
        let overlay = overlay.to_str().context("the folder's name is no text")?;
        let mut costs = Vec::new();
        for _ in 0..self.render.times.max(1) {
            let cost = cost::of(program, &["build", overlay], &output)?;
            let is_long = cost.wall > 10.0;
            costs.push(cost);
            if is_long {
                break;
            }
        }
        let best = costs
            .into_iter()
            .min_by(|a, b| a.processor.total_cmp(&b.processor));
        Ok((best.context("nothing was run")?, output))
    }
}

fn line(count: usize, name: &str, cost: &Cost) -> String {
    format!(
        "{count:7} objects   {name:16} wall {:9.3} s   processor {:9.3} s   peak {:7.1} MiB",
        cost.wall,
        cost.processor,
        mebibytes(cost.peak),
    )
}

fn ratio(ours: &Cost, theirs: &Cost) -> String {
    format!(
        "        outputs are the same, byte for byte; wall {:.0} ×, processor {:.0} × less, memory 1/{:.1}",
        theirs.wall / ours.wall,
        theirs.processor / ours.processor,
        mebibytes(theirs.peak) / mebibytes(ours.peak),
    )
}

/// Whether two files are the same; without holding them, which would count as the peak of processes.
fn is_same(one: &Path, other: &Path) -> Result<bool> {
    let open = |path: &Path| File::open(path).with_context(|| path.display().to_string());
    let (mut one, mut other) = (
        BufReader::new(open(one)?).bytes(),
        BufReader::new(open(other)?).bytes(),
    );
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (one, other) if one == other => {}
            _ => return Ok(false),
        }
    }
}
