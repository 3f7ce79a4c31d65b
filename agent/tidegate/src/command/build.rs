//! `tidegate build PATH`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::render_args::{RenderArgs, finding_line};
use crate::exit::Exit;
use crate::output;

/// Print the objects of a folder as kustomize would, byte for byte
///
/// It reaches no network and runs nothing. A folder without a kustomization stands for all YAML files
/// below it.
#[derive(Debug, Args)]
pub(crate) struct Build {
    #[command(flatten)]
    render: RenderArgs,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "yaml")]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// As kustomize writes it.
    Yaml,
    /// One JSON list.
    Json,
}

impl Build {
    pub(crate) fn run(&self) -> Result<Exit> {
        let findings = match self.output {
            Form::Yaml => {
                let rendered = self.render.texts()?;
                output::data(&rendered.content)?;
                rendered.findings
            }
            Form::Json => {
                let rendered = self.render.values()?;
                output::line(&serde_json::to_string_pretty(&rendered.content)?)?;
                rendered.findings
            }
        };
        let findings: Vec<String> = findings.iter().map(finding_line).collect();
        self.render.report(&findings)?;
        Ok(Exit::Done)
    }
}
