//! Rendering overlays of growing size, ours and kustomize's on the same folders.

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tidegate_kustomize::{Options, render};

use crate::folder::Folder;
use crate::measure::{self, Measured};
use crate::overlay;

const SIZES: [usize; 4] = [100, 1000, 5000, 50_000];
/// Kustomize takes minutes for more.
const LARGEST_FOR_KUSTOMIZE: usize = 5000;
const RUNS: usize = 5;

/// Prints a line for each size.
pub(crate) fn compare(sizes: &[String]) -> Result<(), Box<dyn Error>> {
    let sizes: Vec<usize> = if sizes.is_empty() {
        SIZES.to_vec()
    } else {
        let sizes = sizes.iter().map(|size| size.parse());
        sizes.collect::<Result<_, _>>()?
    };
    println!("| objects | ours s | in process ms | MiB | kustomize s | MiB | faster |");
    println!("|---|---|---|---|---|---|---|");
    for objects in sizes {
        let root = tempfile::tempdir()?;
        overlay::write(root.path(), objects)?;
        let folder = root.path().join("over");
        let ours = best(RUNS, || ours(&folder))?;
        let inside = in_process(root.path())?;
        print!(
            "| {objects} | {:.3} | {inside:.1} | {:.0} |",
            ours.time.as_secs_f64(),
            ours.memory
        );
        match kustomize().filter(|_| objects <= LARGEST_FOR_KUSTOMIZE) {
            None => println!(" | | |"),
            Some(program) => {
                let runs = if objects < 1000 { RUNS } else { 1 };
                let theirs = best(runs, || {
                    measure::run(command(&program).arg("build").arg(&folder))
                })?;
                if theirs.output != ours.output {
                    return Err(format!("the outputs differ at {objects} objects").into());
                }
                let ratio = theirs.time.as_secs_f64() / ours.time.as_secs_f64();
                println!(
                    " {:.3} | {:.0} | {ratio:.0} × |",
                    theirs.time.as_secs_f64(),
                    theirs.memory
                );
            }
        }
    }
    Ok(())
}

/// The fastest of some runs.
fn best(
    runs: usize,
    mut run: impl FnMut() -> Result<Measured, Box<dyn Error>>,
) -> Result<Measured, Box<dyn Error>> {
    let mut best = run()?;
    for _ in 1..runs {
        let next = run()?;
        if next.time < best.time {
            best = next;
        }
    }
    Ok(best)
}

fn ours(folder: &Path) -> Result<Measured, Box<dyn Error>> {
    let program = std::env::current_exe()?;
    measure::run(command(&program).arg("render-one").arg(folder))
}

#[expect(clippy::disallowed_methods, reason = "a bench measures processes")]
fn command(program: &Path) -> Command {
    Command::new(program)
}

/// Milliseconds of one rendering without a process's start.
fn in_process(root: &Path) -> Result<f64, Box<dyn Error>> {
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let tree = Folder(root.to_owned());
        let start = Instant::now();
        let output = render(&tree, "over", &Options::default())?;
        let text = output.to_yaml();
        best = best.min(start.elapsed().as_secs_f64() * 1000.0);
        std::hint::black_box(text);
    }
    Ok(best)
}

/// The kustomize that the tests have built into the cache.
fn kustomize() -> Option<PathBuf> {
    let cache = std::env::var_os("TIDEGATE_CACHE").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache/tidegate"));
    let folders = std::fs::read_dir(cache.or(home)?.join("oracles")).ok()?;
    let programs = folders.filter_map(|folder| Some(folder.ok()?.path().join("kustomize")));
    programs.filter(|program| program.is_file()).last()
}

/// Renders one folder and prints it.
pub(crate) fn one(folder: &str) -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(folder);
    let root = folder.parent().ok_or("the folder has no parent")?;
    let name = folder.file_name().ok_or("the folder has no name")?;
    let tree = Folder(root.to_owned());
    let output = render(&tree, &name.to_string_lossy(), &Options::default())?;
    std::io::stdout().write_all(output.to_yaml().as_bytes())?;
    Ok(())
}
