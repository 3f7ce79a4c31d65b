//! A container image in the layout of OCI, made from folders.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tidegate_testbed::{Error, Result, program};

/// An image that a node can import: a name, folders that lie one on the other, and how it is run.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its whole name with the tag.
    pub name: String,
    /// The folders, lowest first; each becomes one layer, owned by root.
    pub layers: Vec<PathBuf>,
    /// What is started.
    pub entrypoint: Vec<String>,
    /// The arguments, if a pod gives none.
    pub arguments: Vec<String>,
    /// Variables, each as `NAME=value`.
    pub environment: Vec<String>,
    /// `user:group`, numeric; empty = root.
    pub user: String,
}

impl Image {
    /// Writes the image as a tar file into the folder, and answers its path.
    ///
    /// The same folders give the same bytes: names are sorted, and no time and no owner gets in.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Command`] with tar's message.
    pub fn write(&self, folder: &Path) -> Result<PathBuf> {
        let layout = Layout::new(folder.join("layout"))?;
        let layers = self.layers.iter().map(|layer| layout.add_layer(layer));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let config = layout.add(&json!({
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Cmd": self.arguments,
                "Entrypoint": self.entrypoint,
                "Env": self.environment,
                "User": self.user,
                "WorkingDir": "/",
            },
            "rootfs": {
                "type": "layers",
                "diff_ids": layers.iter().map(|layer| &layer.digest).collect::<Vec<_>>(),
            },
        }))?;
        let kind = |name: &str| format!("application/vnd.oci.image.{name}");
        let manifest = layout.add(&json!({
            "schemaVersion": 2,
            "mediaType": kind("manifest.v1+json"),
            "config": config.described(&kind("config.v1+json")),
            "layers": layers
                .iter()
                .map(|layer| layer.described(&kind("layer.v1.tar")))
                .collect::<Vec<_>>(),
        }))?;
        let mut manifest = manifest.described(&kind("manifest.v1+json"));
        if let Some(fields) = manifest.as_object_mut() {
            let name = json!({"io.containerd.image.name": self.name});
            fields.insert("annotations".to_owned(), name);
        }
        let path = folder.join("image.tar");
        layout.finish(&json!({"schemaVersion": 2, "manifests": [manifest]}), &path)?;
        Ok(path)
    }
}

/// A file of the layout, named by the hash of its content.
#[derive(Debug)]
struct Blob {
    digest: String,
    size: u64,
}

impl Blob {
    fn described(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.size})
    }
}

#[derive(Debug)]
struct Layout {
    folder: PathBuf,
    blobs: PathBuf,
}

impl Layout {
    fn new(folder: PathBuf) -> Result<Self> {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).map_err(Error::file(&blobs))?;
        Ok(Self { folder, blobs })
    }

    fn add_layer(&self, layer: &Path) -> Result<Blob> {
        let path = self.folder.join("layer.tar");
        tar(layer, &path)?;
        self.adopt(&path)
    }

    fn add(&self, document: &Value) -> Result<Blob> {
        let path = self.folder.join("document.json");
        fs::write(&path, document.to_string()).map_err(Error::file(&path))?;
        self.adopt(&path)
    }

    /// Gives a file the name that its content has.
    fn adopt(&self, path: &Path) -> Result<Blob> {
        let mut file = fs::File::open(path).map_err(Error::file(path))?;
        let mut hash = Sha256::new();
        let size = std::io::copy(&mut file, &mut hash).map_err(Error::file(path))?;
        let digits = hash.finalize();
        let digits = digits.iter().map(|byte| format!("{byte:02x}"));
        let digits = digits.collect::<Vec<_>>().concat();
        let blob = self.blobs.join(&digits);
        fs::rename(path, &blob).map_err(Error::file(&blob))?;
        Ok(Blob {
            digest: format!("sha256:{digits}"),
            size,
        })
    }

    fn finish(&self, index: &Value, path: &Path) -> Result<()> {
        let version = json!({"imageLayoutVersion": "1.0.0"});
        for (name, document) in [("index.json", index), ("oci-layout", &version)] {
            let file = self.folder.join(name);
            fs::write(&file, document.to_string()).map_err(Error::file(&file))?;
        }
        tar(&self.folder, path)?;
        fs::remove_dir_all(&self.folder).map_err(Error::file(&self.folder))
    }
}

fn tar(folder: &Path, path: &Path) -> Result<()> {
    const SAME: [&str; 6] = [
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--format=gnu",
    ];
    let mut command = program::command("tar");
    command.args(SAME).arg("--create").arg("--file").arg(path);
    program::output(command.arg("--directory").arg(folder).arg(".")).map(drop)
}
