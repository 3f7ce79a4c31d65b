//! `tidegate build PATH`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;
use tidegate_object::Object;

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
        let rendered = self.render.render()?;
        let values: Vec<&Value> = rendered.objects.iter().map(Object::value).collect();
        let text = match self.output {
            Form::Yaml => tidegate_yaml::emit_all(values.iter().copied()),
            Form::Json => format!("{}\n", serde_json::to_string_pretty(&values)?),
        };
        output::data(&text)?;
        let findings: Vec<String> = rendered.findings.iter().map(finding_line).collect();
        self.render.report(&findings)?;
        Ok(Exit::Done)
    }
}
