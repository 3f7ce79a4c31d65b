//! A real Git server over http and https: nginx, fcgiwrap and `git http-backend`.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::certificates::{Authority, Identity, Subject};
use crate::guardian::Guardian;
use crate::port::Port;
use crate::program::{self, Requirement};
use crate::repository::{self, Repository};
use crate::service::{Service, Specification};
use crate::{Error, Result};

const NGINX: Requirement = Requirement {
    program: "nginx",
    purpose: "it serves Git over http and https",
    hint: "install it with `apt-get install nginx-light`",
};
const FCGIWRAP: Requirement = Requirement {
    program: "fcgiwrap",
    purpose: "it connects nginx with `git http-backend`",
    hint: "install it with `apt-get install fcgiwrap`",
};

/// A Git server on this machine, on loopback if not said otherwise; it ends with this value.
#[derive(Debug)]
pub struct GitServer {
    address: String,
    nginx: Service,
    _fcgiwrap: Service,
    authority: Authority,
    client: Identity,
    http: Port,
    https: Port,
    // Last, so that the group ends after its members.
    guardian: Guardian,
}

/// What stands between a client and the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Nothing.
    Open,
    /// Basic authentication with [`GitServer::USERNAME`] and [`GitServer::PASSWORD`].
    Basic,
    /// `Authorization: Bearer` with [`GitServer::TOKEN`].
    Token,
    /// A client certificate of [`GitServer::client_certificate`]; https only.
    Certificate,
    /// A redirect to [`Route::Basic`] on the same host.
    Redirect,
    /// A redirect to [`Route::Basic`] under another host name.
    RedirectElsewhere,
    /// A redirect from https to http.
    RedirectToHttp,
    /// 2 KiB a second.
    Slow,
    /// Always HTTP 503.
    Unavailable,
    /// A web page, where Git is expected.
    WebPage,
}

impl Route {
    fn folder(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Basic => "basic",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Redirect => "redirect",
            Self::RedirectElsewhere => "elsewhere",
            Self::RedirectToHttp => "downgrade",
            Self::Slow => "slow",
            Self::Unavailable => "unavailable",
            Self::WebPage => "page",
        }
    }
}

/// One request that the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub uri: String,
    /// The HTTP status.
    pub status: u16,
    /// The client's `User-Agent`.
    pub user_agent: String,
}

impl GitServer {
    /// The user of [`Route::Basic`].
    pub const USERNAME: &str = "agent";
    /// The password of [`Route::Basic`].
    pub const PASSWORD: &str = "correct horse";
    /// The token of [`Route::Token`].
    pub const TOKEN: &str = "testbed-token";

    /// Starts a server without repositories.
    ///
    /// # Errors
    /// [`Error::Missing`] names the Debian package that is not installed.
    pub fn start() -> Result<Self> {
        Self::start_at("127.0.0.1")
    }

    /// Starts a server without repositories that listens at another address of this machine.
    ///
    /// # Errors
    /// Those of [`Self::start`].
    pub fn start_at(address: &str) -> Result<Self> {
        let nginx = program::find(&NGINX)?;
        let fcgiwrap = program::find(&FCGIWRAP)?;
        let guardian = Guardian::new("git")?;
        let authority = Authority::new("tidegate testbed git")?;
        let client = authority.client(Subject {
            user: "agent",
            group: None,
        })?;
        let (http, https) = (Port::lease()?, Port::lease()?);
        let place = (address, &http, &https);
        write_configuration(guardian.folder(), &authority, place)?;
        let fcgiwrap = Service::start(&guardian, fcgiwrap_specification(fcgiwrap, &guardian))?;
        let nginx = Service::start(&guardian, nginx_specification(nginx, &guardian))?;
        let server = Self {
            address: address.to_owned(),
            nginx,
            _fcgiwrap: fcgiwrap,
            authority,
            client,
            http,
            https,
            guardian,
        };
        server.ready()
    }

    /// Adds an empty repository.
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn create(&self, name: &str) -> Result<Repository> {
        Repository::create(self.served(name), self.author(name))
    }

    /// Adds a copy of a repository on disk, with its branches and tags; its `main` is what is checked out there.
    ///
    /// # Errors
    /// [`Error::Command`] with git's own message.
    pub fn copy(&self, name: &str, original: &Path) -> Result<Repository> {
        Repository::copy(self.served(name), self.author(name), original)
    }

    /// The repository's address over http.
    pub fn http_url(&self, route: Route, name: &str) -> String {
        format!(
            "http://{}:{}/{}/{name}.git",
            self.address,
            self.http.number(),
            route.folder()
        )
    }

    /// The repository's address over https.
    pub fn https_url(&self, route: Route, name: &str) -> String {
        format!(
            "https://{}:{}/{}/{name}.git",
            self.address,
            self.https.number(),
            route.folder()
        )
    }

    /// The certificate of the authority that signed the server's, as PEM text.
    pub fn authority(&self) -> &str {
        self.authority.certificate()
    }

    /// A client certificate that [`Route::Certificate`] takes.
    pub fn client_certificate(&self) -> &Identity {
        &self.client
    }

    /// Takes the server away; its port refuses connections.
    pub fn stop(&mut self) {
        // nginx's workers end with their master only if it is asked.
        drop(self.nginx.signal("QUIT"));
        drop(self.nginx.signal("TERM"));
        self.nginx.wait();
    }

    /// Brings the server back on the same ports.
    ///
    /// # Errors
    /// [`Error::Ended`] with the server's log.
    pub fn restart(&mut self) -> Result<()> {
        self.nginx.restart(&self.guardian)?;
        self.wait_ready()
    }

    /// Every request that the server has answered so far, oldest first.
    ///
    /// # Errors
    /// [`Error::File`] if the log cannot be read.
    pub fn requests(&self) -> Result<Vec<Request>> {
        let path = self.guardian.folder().join("access.log");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        Ok(text.lines().filter_map(parse_request).collect())
    }

    fn ready(mut self) -> Result<Self> {
        self.wait_ready()?;
        Ok(self)
    }

    fn wait_ready(&mut self) -> Result<()> {
        let (address, socket) = (
            (self.address.as_str(), self.https.number()),
            self.guardian.folder().join("fcgi.sock"),
        );
        self.nginx.wait_ready(|| {
            TcpStream::connect(address).map_err(|error| error.to_string())?;
            socket
                .exists()
                .then_some(())
                .ok_or_else(|| "no socket of fcgiwrap".to_owned())
        })
    }

    fn served(&self, name: &str) -> PathBuf {
        self.guardian
            .folder()
            .join("repositories")
            .join(format!("{name}.git"))
    }

    fn author(&self, name: &str) -> PathBuf {
        self.guardian
            .folder()
            .join("authors")
            .join(format!("{name}.git"))
    }
}

fn fcgiwrap_specification(program: PathBuf, guardian: &Guardian) -> Specification {
    let socket = guardian.folder().join("fcgi.sock");
    Specification {
        name: "fcgiwrap",
        program,
        arguments: vec![
            "-c".into(),
            "4".into(),
            "-s".into(),
            format!("unix:{}", socket.display()),
        ],
        environment: vec![("GIT_CONFIG_GLOBAL", "/dev/null".to_owned())],
    }
}

fn nginx_specification(program: PathBuf, guardian: &Guardian) -> Specification {
    let folder = guardian.folder().to_string_lossy().into_owned();
    let arguments = ["-p", &folder, "-c", "nginx.conf", "-e", "nginx-error.log"];
    Specification {
        name: "nginx",
        program,
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: Vec::new(),
    }
}

fn write_configuration(
    folder: &Path,
    authority: &Authority,
    (address, http, https): (&str, &Port, &Port),
) -> Result<()> {
    authority
        .server(&[address, "localhost"])?
        .write(folder, "server")?;
    let backend = repository::git(folder, &["--exec-path"])?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let values = [
        (
            "@user@",
            program::output(program::command("id").arg("-un"))?
                .trim()
                .to_owned(),
        ),
        ("@address@", address.to_owned()),
        ("@http@", http.number().to_string()),
        ("@https@", https.number().to_string()),
        ("@folder@", text(folder)),
        (
            "@backend@",
            text(&Path::new(backend.trim()).join("git-http-backend")),
        ),
        ("@token@", GitServer::TOKEN.to_owned()),
    ];
    let passwords = format!("{}:{{PLAIN}}{}\n", GitServer::USERNAME, GitServer::PASSWORD);
    let files = [
        (
            "nginx.conf",
            fill(include_str!("git_server/nginx.conf"), &values),
        ),
        (
            "git.conf",
            fill(include_str!("git_server/git.conf"), &values),
        ),
        ("ca.crt", authority.certificate().to_owned()),
        ("passwords", passwords),
    ];
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content).map_err(Error::file(&path))?;
    }
    Ok(())
}

fn fill(template: &str, values: &[(&str, String)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (key, value)| {
            text.replace(key, value)
        })
}

fn parse_request(line: &str) -> Option<Request> {
    let mut parts = line.splitn(4, ' ');
    Some(Request {
        method: parts.next()?.to_owned(),
        uri: parts.next()?.to_owned(),
        status: parts.next()?.parse().ok()?,
        user_agent: parts.next()?.to_owned(),
    })
}
