//! A real Prometheus that scrapes and evaluates rules, and the tool that checks rules.

pub mod shipped;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Connection, Credentials};
use crate::guardian::Guardian;
use crate::port::Port;
use crate::program::{self, Requirement};
use crate::service::{Service, Specification};
use crate::{Error, Result};

const PROMETHEUS: Requirement = Requirement {
    program: "prometheus",
    purpose: "it scrapes the agent and evaluates the alerts",
    hint: "install it with `apt-get install prometheus`",
};
const PROMTOOL: Requirement = Requirement {
    program: "promtool",
    purpose: "it checks the alerts that are shipped",
    hint: "install it with `apt-get install prometheus`",
};
/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How often targets are scraped and rules evaluated.
const INTERVAL: &str = "250ms";

/// A Prometheus on loopback; it ends with this value.
#[derive(Debug)]
pub struct Prometheus {
    service: Service,
    port: Port,
    http: reqwest::blocking::Client,
    // Last, so that the group ends after its members.
    _guardian: Guardian,
}

impl Prometheus {
    /// Starts a server that scrapes one target, such as `http://127.0.0.1:8080`, and evaluates rule groups,
    /// both four times a second; waits until it is ready.
    ///
    /// # Errors
    /// [`Error::Missing`] names the Debian package that is not installed, [`Error::Ended`] has what is wrong with
    /// the rules.
    pub fn start(target: &str, rules: &Value) -> Result<Self> {
        let program = program::find(&PROMETHEUS)?;
        let guardian = Guardian::new("prometheus")?;
        let port = Port::lease()?;
        let folder = guardian.folder();
        let address = target.trim_start_matches("http://");
        // JSON is YAML, too.
        let configuration = json!({
            "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": [folder.join("rules.yaml")],
            "scrape_configs": [{
                "job_name": "tidegate",
                "static_configs": [{"targets": [address], "labels": {"namespace": crate::agent::NAMESPACE}}],
            }],
        });
        write(&folder.join("rules.yaml"), rules)?;
        write(&folder.join("prometheus.yaml"), &configuration)?;
        let service = Service::start(&guardian, specification(program, folder, &port))?;
        let mut prometheus = Self {
            service,
            http: client(&port)?,
            port,
            _guardian: guardian,
        };
        prometheus.wait_ready()?;
        Ok(prometheus)
    }

    /// Evaluates an expression now; answers the series of the resulting vector.
    ///
    /// # Errors
    /// [`Error::Http`] without an answer, [`Error::Malformed`] with what is wrong with the expression.
    pub fn query(&self, expression: &str) -> Result<Vec<Value>> {
        let url = format!("http://127.0.0.1:{}/api/v1/query", self.port.number());
        let form = format!("query={}", encoded(expression));
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let request = self.http.post(&url).header(kind.0, kind.1).body(form);
        let answer = request.send().and_then(reqwest::blocking::Response::text);
        let answer = answer.map_err(|source| Error::Http {
            request: format!("POST {url}"),
            source,
        })?;
        let answer: Value = serde_json::from_str(&answer)
            .map_err(|error| Error::malformed("what Prometheus answers", &error))?;
        match answer.pointer("/data/result").and_then(Value::as_array) {
            Some(result) => Ok(result.clone()),
            None => Err(Error::malformed(expression, &answer.to_string())),
        }
    }

    fn wait_ready(&mut self) -> Result<()> {
        let url = format!("http://127.0.0.1:{}/-/ready", self.port.number());
        let http = self.http.clone();
        self.service.wait_ready(|| {
            let answer = http.get(&url).send().map_err(|error| error.to_string())?;
            let answer = answer.error_for_status();
            answer.map(drop).map_err(|error| error.to_string())
        })
    }
}

/// Runs `promtool` in a folder; answers what it prints.
///
/// # Errors
/// [`Error::Missing`] names the Debian package that is not installed, [`Error::Command`] has what it found.
pub fn promtool(folder: &Path, arguments: &[&str]) -> Result<String> {
    let program = program::find(&PROMTOOL)?;
    let mut command = program::command(program);
    program::output(command.args(arguments).current_dir(folder))
}

/// A client for plain HTTP on loopback.
fn client(port: &Port) -> Result<reqwest::blocking::Client> {
    let connection = Connection {
        url: format!("http://127.0.0.1:{}", port.number()),
        authority: String::new(),
        credentials: Credentials::Token(String::new()),
    };
    reqwest::blocking::Client::builder()
        .tls_backend_preconfigured(crate::client::tls(&connection)?)
        .timeout(LIMIT)
        .no_proxy()
        .build()
        .map_err(|error| Error::malformed("the client's settings", &error))
}

/// A text as a value in a form.
fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    bytes.collect()
}

fn write(file: &Path, value: &Value) -> Result<()> {
    fs::write(file, value.to_string()).map_err(Error::file(file))
}

fn specification(program: PathBuf, folder: &Path, port: &Port) -> Specification {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    Specification {
        name: "prometheus",
        program,
        arguments: vec![
            format!("--config.file={}", path("prometheus.yaml")),
            format!("--storage.tsdb.path={}", path("data")),
            format!("--web.listen-address=127.0.0.1:{}", port.number()),
        ],
        environment: Vec::new(),
    }
}
