//! The build stage, done over this machine: an overlay takes what its commands write.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use crate::dockerfile::{Dockerfile, Instruction, Stage};
use crate::shell::quoted;
use crate::{context, say, shell};

/// What a build must not lean on by accident: programs that this machine may have, and the base image and the
/// stage's packages do not bring.
const HIDDEN: [&str; 8] = [
    "clang", "cmake", "git", "gmake", "go", "make", "nasm", "python3",
];
/// What of this machine's environment the commands see.
const KEPT: [&str; 6] = [
    "CARGO_HOME",
    "HOME",
    "PATH",
    "RUSTUP_HOME",
    "https_proxy",
    "no_proxy",
];

/// Runs the stage's instructions in order; answers the folder that holds what they have written.
pub(crate) fn run(dockerfile: &Dockerfile, root: &Path, folder: &Path) -> Result<PathBuf> {
    let user = shell::output(shell::command("id").arg("-u"))?;
    ensure!(
        user.trim() == "0",
        "only root may mount the overlay that the build stage runs in"
    );
    check_packages(&dockerfile.build)?;
    for name in ["upper", "work", "root", "context"] {
        let path = folder.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
    }
    fs::create_dir_all(folder.join("target"))?;
    send_context(root, folder)?;
    let script = folder.join("build-stage.sh");
    fs::write(&script, script_of(&dockerfile.build, folder)?)?;
    let start = Instant::now();
    let mut command = shell::command("unshare");
    command.arg("--mount").arg("sh").arg(&script).env_clear();
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    shell::run(&mut command).context("the build stage")?;
    say(&format!(
        "build stage: done in {:.0} s",
        start.elapsed().as_secs_f64()
    ))?;
    Ok(folder.join("upper"))
}

/// Runs the instruction that collects what the final image lacks, with a program that is built already.
pub(crate) fn collect(dockerfile: &Dockerfile, program: &Path, to: &Path) -> Result<()> {
    const BUILT: &str = "target/release/tidegate";
    let collects = |instruction: &&Instruction| instruction.text.contains(BUILT);
    let Some(instruction) = dockerfile.build.all("RUN").find(collects) else {
        bail!("the Dockerfile has no RUN that takes {BUILT}");
    };
    let program = quoted(program.to_string_lossy());
    let image = format!("{}/image/", quoted(to.to_string_lossy()));
    let command = instruction.text.replace(BUILT, &program);
    let command = command.replace(" /image/", &format!(" {image}"));
    shell::run(shell::command("sh").args(["-c", &command]))
}

/// The Debian packages that a command installs.
pub(crate) fn packages(command: &str) -> Vec<&str> {
    let steps = command.split("&&").map(str::trim);
    let installs = steps.filter_map(|step| step.strip_prefix("apt-get install "));
    installs
        .flat_map(str::split_whitespace)
        .filter(|word| !word.starts_with('-'))
        .collect()
}

fn check_packages(stage: &Stage) -> Result<()> {
    for run in stage.all("RUN") {
        for package in packages(&run.text) {
            let mut query = shell::command("dpkg-query");
            query.args(["--show", "--showformat=${Status}", package]);
            let is_installed =
                shell::output(&mut query).is_ok_and(|status| status == "install ok installed");
            if !is_installed {
                shell::output(shell::command("apt-cache").args(["show", package]))
                    .with_context(|| format!("Debian has no package {package}"))?;
                bail!(
                    "{package} is not installed, and the build stage needs it: apt-get install {package}"
                );
            }
        }
    }
    Ok(())
}

fn send_context(root: &Path, folder: &Path) -> Result<()> {
    let files = context::files(root)?;
    let names = files.iter().map(|file| file.to_string_lossy());
    let list = folder.join("context.list");
    fs::write(&list, names.collect::<Vec<_>>().join("\0"))?;
    let word = |path: &Path| quoted(path.to_string_lossy());
    // With new times: a file changed in mid-build would pass for compiled. What is ours is always built.
    let script = format!(
        "tar -C {} --null -T {} -cf - | tar -C {} -xmf -",
        word(root),
        word(&list),
        word(&folder.join("context"))
    );
    shell::run(shell::command("sh").args(["-c", &script])).context("the build's context")
}

fn script_of(stage: &Stage, folder: &Path) -> Result<String> {
    let mut script = format!(
        "set -eu\ncd {}\nmount -t overlay overlay -o lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work root\n",
        quoted(folder.to_string_lossy())
    );
    script += "for name in proc sys dev; do mount --rbind /$name root/$name; done\n";
    for name in HIDDEN {
        writeln!(
            script,
            "rm -f root/usr/bin/{name} root/usr/local/bin/{name}"
        )?;
    }
    let mut directory = "/".to_owned();
    for instruction in &stage.instructions {
        let text = &instruction.text;
        match instruction.word.as_str() {
            "WORKDIR" => {
                text.clone_into(&mut directory);
                // What was compiled stays, as a cache of the engine's would.
                writeln!(
                    script,
                    "mkdir -p root{directory}/target\nmount --bind target root{directory}/target"
                )?;
            }
            "ENV" => writeln!(script, "export {text}")?,
            "COPY" => script += &copy(instruction, &directory)?,
            "RUN" if packages(text).is_empty() => {
                let inside = quoted(format!("cd {directory} && {text}"));
                writeln!(script, "echo {}", quoted(format!("RUN {text}")))?;
                writeln!(script, "chroot root sh -c {inside}")?;
            }
            "RUN" => writeln!(script, "echo {}", quoted(format!("installed: {text}")))?,
            word => bail!("Dockerfile:{}: {word} is not understood", instruction.line),
        }
    }
    Ok(script)
}

fn copy(instruction: &Instruction, directory: &str) -> Result<String> {
    let (flags, words) = instruction.words();
    ensure!(
        flags.is_empty(),
        "Dockerfile:{}: flags of COPY are not understood here",
        instruction.line
    );
    let Some((to, sources)) = words.split_last() else {
        bail!("Dockerfile:{}: COPY of nothing", instruction.line);
    };
    let to = quoted(format!("root{directory}/{to}"));
    let mut script = String::new();
    for source in sources {
        let source = quoted(format!("context/{source}"));
        // Of a folder, its content is copied.
        writeln!(
            script,
            "if [ -d {source} ]; then mkdir -p {to}; cp -a {source}/. {to}; else cp -a {source} {to}; fi"
        )?;
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_the_words_of_installs_without_flags() {
        let command = "apt-get update && apt-get install --yes a b && rm -rf /c";
        assert_eq!(packages(command), ["a", "b"]);
        assert!(packages("cargo build").is_empty());
    }
}
