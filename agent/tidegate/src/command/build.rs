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
        let rendered = self.render.output()?;
        let text = match self.output {
            Form::Yaml => rendered.to_yaml(),
            Form::Json => {
                let values: Vec<_> = rendered.values.iter().map(|(value, _)| value).collect();
                format!("{}\n", serde_json::to_string_pretty(&values)?)
            }
        };
        output::data(&text)?;
        let findings: Vec<String> = rendered.findings.iter().map(finding_line).collect();
        self.render.report(&findings)?;
        // The process ends here: to give the memory back piece by piece would only take time.
        std::mem::forget(rendered);
        Ok(Exit::Done)
    }
}
