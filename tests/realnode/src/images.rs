//! The images of the node's pods, each with the programs that were built or installed here.

use std::fs;
use std::path::{Path, PathBuf};

use tidegate_testbed::binaries::Binaries;
use tidegate_testbed::{Error, Result, program};

use crate::{Image, external_secrets, kept, parts, root};

/// The name that the agent's own manifests give its image.
const AGENT: &str = "ghcr.io/tidegate/tidegate:0.1.0";
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const POSTGRESQL_PATH: &str =
    "PATH=/usr/lib/postgresql/16/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What holds the namespaces of every pod.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn pause() -> Result<Image> {
    let built = Binaries::ready(&parts::CONTAINERD)?;
    single("localhost/pause:1", &built.program("pause"))
}

/// The cluster's DNS server.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn coredns() -> Result<Image> {
    let built = Binaries::ready(&parts::COREDNS)?;
    single("localhost/coredns:1", &built.program("coredns"))
}

/// A shell and small programs.
///
/// # Errors
/// Those of [`root::Root::ready`].
pub fn debian() -> Result<Image> {
    Ok(image(
        "localhost/debian:12",
        vec![root::DEBIAN.ready()?],
        &["sh"],
    ))
}

/// The operator of CloudNativePG; instances take their manager from it.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn cloudnative_pg() -> Result<Image> {
    let built = Binaries::ready(&parts::CNPG)?.program("manager");
    let folder = kept::folder("cloudnative-pg", &[path(&built)], |folder| {
        let operators = folder.join("operator");
        fs::create_dir_all(&operators).map_err(Error::file(&operators))?;
        fs::create_dir_all(folder.join("tmp")).map_err(Error::file(folder))?;
        let to = operators.join("manager_amd64");
        fs::copy(&built, &to).map_err(Error::file(&to))?;
        let link = folder.join("manager");
        std::os::unix::fs::symlink("operator/manager_amd64", &link).map_err(Error::file(&link))
    })?;
    Ok(image(
        "localhost/cloudnative-pg:1.30.0",
        vec![folder],
        &["/manager"],
    ))
}

/// PostgreSQL as CloudNativePG starts it.
///
/// # Errors
/// Those of [`root::Root::ready`].
pub fn postgresql() -> Result<Image> {
    let layers = vec![root::DEBIAN.ready()?, root::POSTGRESQL.ready()?];
    Ok(Image {
        environment: vec![POSTGRESQL_PATH.to_owned()],
        user: "26:26".to_owned(),
        ..image("localhost/postgresql:16.14", layers, &["postgres"])
    })
}

/// CloudNativePG's plugin for backups.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn barman() -> Result<Image> {
    let built = Binaries::ready(&parts::BARMAN)?;
    single(
        "localhost/plugin-barman-cloud:0.15.0",
        &built.program("manager"),
    )
}

/// What the plugin puts beside each instance: it archives and backs up.
///
/// # Errors
/// Those of [`Binaries::ready`] and [`root::Root::ready`].
pub fn barman_sidecar() -> Result<Image> {
    let mut layers = vec![root::PYTHON.ready()?, root::BARMAN.ready()?];
    layers.append(&mut barman()?.layers);
    Ok(Image {
        user: "26:26".to_owned(),
        ..image(
            "localhost/plugin-barman-cloud-sidecar:0.15.0",
            layers,
            &["/manager"],
        )
    })
}

/// Redis and its command line.
///
/// # Errors
/// Those of [`root::Root::ready`].
pub fn redis() -> Result<Image> {
    let layers = vec![root::REDIS.ready()?];
    Ok(image("localhost/redis:7.0", layers, &["redis-server"]))
}

/// What makes metrics of Redis.
///
/// # Errors
/// Those of [`Binaries::ready`].
pub fn redis_exporter() -> Result<Image> {
    let built = Binaries::ready(&parts::REDIS_EXPORTER)?;
    single(
        "localhost/redis-exporter:1.88.0",
        &built.program("redis_exporter"),
    )
}

/// External Secrets Operator.
///
/// # Errors
/// Those of [`external_secrets::ready`].
pub fn external_secrets() -> Result<Image> {
    let mut image = single(
        "localhost/external-secrets:0.18.2",
        &external_secrets::ready()?,
    )?;
    // The authorities that its client of AWS looks for at its start.
    image.layers.insert(0, root::DEBIAN.ready()?);
    Ok(image)
}

/// A server that speaks as S3 and Secrets Manager do, and a client of S3; pages that stand-ins of consoles serve to probes.
///
/// # Errors
/// Those of [`root::Root::ready`].
pub fn cloud() -> Result<Image> {
    let pages = kept::folder("stand-in", &[], |folder| {
        ["api/health", "misc/ping"].iter().try_for_each(|page| {
            let page = folder.join("srv/stand-in").join(page);
            fs::create_dir_all(&page).map_err(Error::file(&page))
        })
    })?;
    let layers = vec![root::PYTHON.ready()?, root::CLOUD.ready()?, pages];
    Ok(image("localhost/cloud:1", layers, &["python3"]))
}

/// The agent with a program that is built already, in an image that is made as the Dockerfile says.
///
/// # Errors
/// [`Error::Malformed`] with what an instruction failed with.
pub fn agent(built: &Path, folder: &Path) -> Result<Image> {
    let stripped = folder.join("tidegate");
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    program::output(
        program::command("strip")
            .arg("-o")
            .args([&stripped, &built.to_owned()]),
    )?;
    let made = tidegate_image::of_program(&stripped, folder)
        .map_err(|error| Error::malformed("the agent's image", &format!("{error:#}")))?;
    Ok(Image {
        name: AGENT.to_owned(),
        layers: vec![made.folder],
        entrypoint: made.entrypoint,
        arguments: made.arguments,
        environment: vec![PATH.to_owned()],
        user: made.user,
    })
}

/// All that the pods of the layers run.
///
/// # Errors
/// Those of each image.
pub fn of_the_layers() -> Result<Vec<Image>> {
    [
        cloudnative_pg,
        postgresql,
        barman,
        barman_sidecar,
        redis,
        redis_exporter,
        external_secrets,
        cloud,
    ]
    .iter()
    .map(|image| image())
    .collect()
}

/// An image of one program that needs nothing else.
fn single(name: &str, built: &Path) -> Result<Image> {
    let file_name = built.file_name().unwrap_or_default();
    let kept_name = name.rsplit('/').next().unwrap_or(name).replace(':', "-");
    let folder = kept::folder(&kept_name, &[path(built)], |folder| {
        let to = folder.join(file_name);
        fs::copy(built, &to).map_err(Error::file(&to))?;
        let tmp = folder.join("tmp");
        fs::create_dir_all(&tmp).map_err(Error::file(&tmp))?;
        program::output(program::command("chmod").arg("1777").arg(&tmp)).map(drop)
    })?;
    let entrypoint = format!("/{}", file_name.to_string_lossy());
    Ok(image(name, vec![folder], &[&entrypoint]))
}

fn image(name: &str, layers: Vec<PathBuf>, entrypoint: &[&str]) -> Image {
    Image {
        name: name.to_owned(),
        layers,
        entrypoint: entrypoint.iter().map(|&word| word.to_owned()).collect(),
        arguments: Vec::new(),
        environment: vec![PATH.to_owned()],
        user: String::new(),
    }
}

/// A built program's path holds the hash of what it is made from.
fn path(program: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    program.as_os_str().as_bytes()
}
