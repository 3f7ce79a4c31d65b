//! A real SSH server for Git: OpenSSH's sshd with keys of its own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::guardian::Guardian;
use crate::port::Port;
use crate::program::{self, Requirement};
use crate::repository::Repository;
use crate::service::{Service, Specification};
use crate::{Error, Result};

const SSHD: Requirement = Requirement {
    program: "sshd",
    purpose: "it serves Git over ssh",
    hint: "install it with `apt-get install openssh-server`",
};
const SSH_KEYGEN: Requirement = Requirement {
    program: "ssh-keygen",
    purpose: "it makes the keys of the ssh server",
    hint: "install it with `apt-get install openssh-client`",
};
/// Debian's sshd insists on this folder when it runs as root.
const PRIVILEGE_SEPARATION: &str = "/run/sshd";
const HOST_KEY_TYPES: [&str; 2] = ["ed25519", "ecdsa"];

/// An SSH server on loopback; it ends with this value.
#[derive(Debug)]
pub struct SshServer {
    sshd: Service,
    port: Port,
    user: String,
    // Last, so that the group ends after its members.
    guardian: Guardian,
}

/// A private key that the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKey {
    /// Ed25519 in OpenSSH's format.
    Ed25519,
    /// RSA 3072 in OpenSSH's format.
    Rsa,
    /// Ed25519 under [`SshServer::PASSPHRASE`].
    Encrypted,
    /// A key that the server does not know.
    Stranger,
}

impl ClientKey {
    const ALL: [Self; 4] = [Self::Ed25519, Self::Rsa, Self::Encrypted, Self::Stranger];

    fn file(self) -> &'static str {
        match self {
            Self::Ed25519 => "client_ed25519",
            Self::Rsa => "client_rsa",
            Self::Encrypted => "client_encrypted",
            Self::Stranger => "client_stranger",
        }
    }

    fn generation(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsa => ("rsa", ""),
            Self::Encrypted => ("ed25519", SshServer::PASSPHRASE),
            Self::Ed25519 | Self::Stranger => ("ed25519", ""),
        }
    }
}

impl SshServer {
    /// The passphrase of [`ClientKey::Encrypted`].
    pub const PASSPHRASE: &str = "open sesame";

    /// Starts a server that serves every repository of this machine's user.
    ///
    /// # Errors
    /// [`Error::Missing`] names the Debian package that is not installed.
    pub fn start() -> Result<Self> {
        let sshd = program::find(&SSHD)?;
        program::find(&SSH_KEYGEN)?;
        let guardian = Guardian::new("ssh")?;
        let port = Port::lease()?;
        let user = program::output(program::command("id").arg("-un"))?
            .trim()
            .to_owned();
        if user == "root" {
            fs::create_dir_all(PRIVILEGE_SEPARATION).map_err(Error::file(PRIVILEGE_SEPARATION))?;
        }
        write_keys(guardian.folder())?;
        write_configuration(guardian.folder(), &port)?;
        let sshd = Service::start(&guardian, specification(sshd, guardian.folder()))?;
        let mut server = Self {
            sshd,
            port,
            user,
            guardian,
        };
        server.wait_ready()?;
        Ok(server)
    }

    /// The folder of the server's configuration, keys and log.
    pub fn folder(&self) -> &Path {
        self.guardian.folder()
    }

    /// The repository's address.
    pub fn url(&self, repository: &Repository) -> String {
        let (user, port) = (&self.user, self.port.number());
        format!(
            "ssh://{user}@127.0.0.1:{port}{}",
            repository.path().display()
        )
    }

    /// The lines of a `known_hosts` file for all of the server's host keys.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn known_hosts(&self) -> Result<String> {
        HOST_KEY_TYPES
            .iter()
            .map(|kind| self.known_host(kind))
            .collect()
    }

    /// The line of a `known_hosts` file for one of `ed25519` and `ecdsa`.
    ///
    /// # Errors
    /// [`Error::File`] if the server has no such key.
    pub fn known_host(&self, kind: &str) -> Result<String> {
        let path = self.guardian.folder().join(format!("host_{kind}.pub"));
        let key = fs::read_to_string(&path).map_err(Error::file(&path))?;
        Ok(format!(
            "[127.0.0.1]:{} {}\n",
            self.port.number(),
            key.trim()
        ))
    }

    /// A private key as text.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn private_key(&self, key: ClientKey) -> Result<String> {
        let path = self.guardian.folder().join(key.file());
        fs::read_to_string(&path).map_err(Error::file(&path))
    }

    /// Gives the server new host keys, as a reinstalled or a false server would have.
    ///
    /// # Errors
    /// [`Error::Ended`] with the server's log.
    pub fn rotate_host_keys(&mut self) -> Result<()> {
        self.stop();
        write_host_keys(self.guardian.folder())?;
        self.restart()
    }

    /// Takes the server away; its port refuses connections.
    pub fn stop(&mut self) {
        self.sshd.kill();
    }

    /// Brings the server back on the same port.
    ///
    /// # Errors
    /// [`Error::Ended`] with the server's log.
    pub fn restart(&mut self) -> Result<()> {
        self.sshd.restart(&self.guardian)?;
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> Result<()> {
        let address = ("127.0.0.1", self.port.number());
        self.sshd.wait_ready(|| {
            TcpStream::connect(address)
                .map(drop)
                .map_err(|error| error.to_string())
        })
    }
}

fn specification(program: PathBuf, folder: &Path) -> Specification {
    let configuration = folder.join("sshd_config").to_string_lossy().into_owned();
    Specification {
        name: "sshd",
        program,
        arguments: vec!["-D".into(), "-e".into(), "-f".into(), configuration],
        environment: Vec::new(),
    }
}

fn write_configuration(folder: &Path, port: &Port) -> Result<()> {
    let configuration = format!(
        "ListenAddress 127.0.0.1:{port}\n\
         HostKey {folder}/host_ed25519\nHostKey {folder}/host_ecdsa\n\
         AuthorizedKeysFile {folder}/authorized_keys\nPidFile none\nStrictModes no\nUsePAM no\n\
         PermitRootLogin prohibit-password\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nAllowTcpForwarding no\nAllowAgentForwarding no\n\
         PrintMotd no\nMaxStartups 100\n",
        port = port.number(),
        folder = folder.display(),
    );
    let path = folder.join("sshd_config");
    fs::write(&path, configuration).map_err(Error::file(&path))
}

fn write_keys(folder: &Path) -> Result<()> {
    write_host_keys(folder)?;
    let mut authorized = String::new();
    for key in ClientKey::ALL {
        let (kind, passphrase) = key.generation();
        let path = folder.join(key.file());
        generate(&path, kind, passphrase)?;
        if key != ClientKey::Stranger {
            let path = path.with_extension("pub");
            authorized.push_str("restrict,command=\"git-shell -c \\\"$SSH_ORIGINAL_COMMAND\\\"\" ");
            authorized.push_str(&fs::read_to_string(&path).map_err(Error::file(&path))?);
        }
    }
    let path = folder.join("authorized_keys");
    fs::write(&path, authorized).map_err(Error::file(&path))
}

fn write_host_keys(folder: &Path) -> Result<()> {
    for kind in HOST_KEY_TYPES {
        let path = folder.join(format!("host_{kind}"));
        if path.exists() {
            fs::remove_file(&path).map_err(Error::file(&path))?;
        }
        generate(&path, kind, "")?;
    }
    Ok(())
}

fn generate(path: &Path, kind: &str, passphrase: &str) -> Result<()> {
    program::output(
        program::command("ssh-keygen")
            .args([
                "-q",
                "-t",
                kind,
                "-N",
                passphrase,
                "-C",
                "tidegate-testbed",
                "-f",
            ])
            .arg(path),
    )
    .map(drop)
}
