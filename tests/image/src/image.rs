//! The final stage: what it holds, and the program running in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::dockerfile::Dockerfile;
use crate::{say, shell};

/// The Debian packages with libraries in the final stage's base (distroless `cc-debian12`).
const BASE_PACKAGES: [&str; 5] = ["libc6", "libgcc-s1", "libgomp1", "libssl3", "libstdc++6"];

/// What the base sets; here it leads to `chroot`, too.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The final stage as a folder.
#[derive(Debug)]
pub struct Image {
    /// The root folder, with the base's libraries.
    pub folder: PathBuf,
    /// What the stage's own instructions have added.
    added: PathBuf,
    /// What is started.
    pub entrypoint: Vec<String>,
    /// The arguments, if nobody gives others.
    pub arguments: Vec<String>,
    /// `user:group`, numeric.
    pub user: String,
}

/// Copies the base's libraries from this machine, which must be the Debian that the base is made of.
fn bring_base(folder: &Path) -> Result<()> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    ensure!(
        release.contains("VERSION_ID=\"12\""),
        "the base's libraries are Debian 12's, and this machine has others"
    );
    // The folders that Debian's merged /usr leads to.
    for name in ["lib", "lib64"] {
        let target = format!("usr/{name}");
        fs::create_dir_all(folder.join(&target))?;
        std::os::unix::fs::symlink(&target, folder.join(name))?;
    }
    let listed = shell::output(
        shell::command("dpkg-query")
            .arg("--listfiles")
            .args(BASE_PACKAGES),
    )?;
    let libraries = listed
        .lines()
        .filter(|path| path.contains(".so") && Path::new(path).is_file());
    for library in libraries {
        let to = folder.join(library.trim_start_matches('/'));
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        shell::run(
            shell::command("cp")
                .args(["--no-dereference", library])
                .arg(&to),
        )?;
    }
    Ok(())
}

impl Image {
    /// Copies into a folder what the final stage takes from the build stage, over what its base has.
    pub(crate) fn assemble(dockerfile: &Dockerfile, stage: &Path, folder: &Path) -> Result<Self> {
        let last = &dockerfile.last;
        let image = Self {
            folder: folder.join("image"),
            added: folder.join("added"),
            entrypoint: last.command("ENTRYPOINT")?,
            arguments: last.command("CMD")?,
            user: last.last("USER").context("no USER")?.to_owned(),
        };
        for path in [&image.folder, &image.added] {
            if path.exists() {
                fs::remove_dir_all(path)?;
            }
            fs::create_dir_all(path)?;
        }
        for copied in last.all("COPY") {
            let (flags, words) = copied.words();
            let from = dockerfile
                .build
                .name
                .as_ref()
                .map(|name| format!("--from={name}"));
            ensure!(
                flags.iter().copied().eq(from.as_deref()),
                "Dockerfile:{}: the final stage takes from the build stage only",
                copied.line
            );
            let [source, to] = words.as_slice() else {
                bail!("Dockerfile:{}: COPY takes one source here", copied.line);
            };
            let source = stage.join(source.trim_start_matches('/')).join(".");
            let to = image.added.join(to.trim_start_matches('/'));
            shell::run(
                shell::command("cp")
                    .arg("-a")
                    .args([source.as_path(), to.as_path()]),
            )?;
        }
        bring_base(&image.folder)?;
        shell::run(
            shell::command("cp")
                .arg("-a")
                .args([image.added.join("."), image.folder.clone()]),
        )?;
        Ok(image)
    }

    /// Runs the program as its user, with nothing but the image to see.
    pub(crate) fn check(&self) -> Result<()> {
        let version = self.run(&["version".to_owned()])?;
        say(&format!("final stage: {}", version.trim()))?;
        let program = self.entrypoint.first().context("no ENTRYPOINT")?;
        let needed = shell::output(
            shell::command("ldd").arg(self.added.join(program.trim_start_matches('/'))),
        )?;
        for line in needed.lines() {
            say(&format!("  needs {}", line.trim()))?;
        }
        // Without a cluster the agent cannot begin; that it says so shows that CMD is a command of its.
        match self.run(&self.arguments) {
            Ok(said) => bail!("CMD ended well without a cluster: {said}"),
            Err(error) => ensure!(
                format!("{error:#}").contains("no cluster is configured"),
                "CMD does not start the agent: {error:#}"
            ),
        }
        Ok(())
    }

    /// How much the image is larger than its base, in millions of bytes.
    pub(crate) fn added_megabytes(&self) -> Result<f64> {
        let sizes = shell::output(
            shell::command("find")
                .arg(&self.added)
                .args(["-type", "f", "-printf", "%s\\n"]),
        )?;
        let bytes: f64 = sizes
            .lines()
            .filter_map(|size| size.parse::<f64>().ok())
            .sum();
        Ok(bytes / 1e6)
    }

    fn run(&self, arguments: &[String]) -> Result<String> {
        let mut command = shell::command("chroot");
        command
            .arg(format!("--userspec={}", self.user))
            .arg(&self.folder);
        command.args(&self.entrypoint).args(arguments);
        command.env_clear().env("PATH", PATH);
        shell::output(&mut command)
    }
}
