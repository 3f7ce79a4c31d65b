//! `tidegate diff PATH|LAYER`.

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use similar::TextDiff;
use tidegate_cluster::Cluster;
use tidegate_kustomize::Rendered;
use tidegate_object::{Object, ObjectId};
use tidegate_plan::Change;
use tidegate_sync::{Desired, Fate, Leaving, Owner, Previewed, plain};

use super::layers::{self, LayerName};
use super::leavers::{self, fate};
use super::live::Comparison;
use super::render_args::finding_line;
use super::subject::{Subject, SubjectArgs};
use crate::command::ClusterArgs;
use crate::exit::Exit;
use crate::output;

/// Lines of context around a difference.
const CONTEXT: usize = 3;

/// Show what would change in the cluster, field by field, secrets masked
///
/// Of a folder, or of a layer: then its repository is fetched from here, with the Secret that the Layer names, at
/// the ref that it follows or at `--revision`. The API server answers by dry-run: nothing is written. Exit
/// code 0 no change, 1 changes, 2 error.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    #[command(flatten)]
    subject: SubjectArgs,
    /// The layer that owns a folder's objects: then fields that left Git are shown, too.
    #[arg(long, value_name = "[NAMESPACE/]LAYER")]
    layer: Option<LayerName>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Form,
    #[command(flatten)]
    to: ClusterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Table,
    /// For a pull request.
    Markdown,
    /// For programs: each change, masked.
    Json,
}

impl Diff {
    pub(crate) async fn run(&self) -> Result<Exit> {
        match self.subject.read()? {
            Subject::Folder(folder) => {
                let (rendered, _) = folder.render()?;
                let cluster = self.to.connect().await?;
                let owner = self.owner(&cluster).await?;
                let compared = Comparison::of_folder(&cluster, &rendered, owner.as_ref()).await?;
                self.show((&compared, &[]), &rendered)
            }
            Subject::Layer(_) if self.layer.is_some() => {
                bail!("--layer goes with a folder: a layer owns its own objects")
            }
            Subject::Layer(name) => {
                let cluster = self.subject.connect(&self.to).await?;
                let proposal = self.subject.propose(&cluster, &name).await?;
                let rendering = &proposal.rendering;
                let desired = Desired::on(cluster.kinds(), &rendering.rendered, &rendering.owner);
                let compared = Comparison::of_layer(&proposal.preview, &desired).await?;
                let leaving = leavers::of_proposal(&proposal).await?;
                self.show((&compared, &leaving), &rendering.rendered)
            }
        }
    }

    fn show(
        &self,
        (compared, leaving): (&Comparison, &[Leaving]),
        rendered: &Rendered,
    ) -> Result<Exit> {
        let differs = |compared: &&Previewed| compared.change != Change::None;
        let changed: Vec<&Previewed> = compared.objects.iter().filter(differs).collect();
        let (going, stay): (Vec<&Leaving>, Vec<&Leaving>) = leaving
            .iter()
            .partition(|leaving| leaving.fate == Fate::Waiting);
        output::data(&self.text(&changed, &going)?)?;
        for leaving in stay {
            output::message(&format!("{} has left Git: {}", leaving.id, fate(leaving)))?;
        }
        let findings: Vec<String> = rendered.findings.iter().map(finding_line).collect();
        self.subject.folder().report(&findings)?;
        compared.report()?;
        Ok(if changed.is_empty() && going.is_empty() {
            Exit::Done
        } else {
            Exit::NotDone
        })
    }

    async fn owner(&self, cluster: &Cluster) -> Result<Option<Owner>> {
        let Some(name) = &self.layer else {
            return Ok(None);
        };
        let metadata = layers::find(cluster, None, name).await?.metadata;
        Ok(Some(Owner {
            namespace: metadata.namespace.context("the layer has no namespace")?,
            name: metadata.name.context("the layer has no name")?,
            uid: metadata.uid.context("the layer has no uid")?,
        }))
    }

    fn text(&self, changed: &[&Previewed], going: &[&Leaving]) -> Result<String> {
        let removed = |write: &dyn Fn(&ObjectId) -> String| {
            let parts: Vec<String> = going.iter().map(|leaving| write(&leaving.id)).collect();
            parts.concat()
        };
        let parts = |write: &dyn Fn(&Previewed) -> String| {
            let parts: Vec<String> = changed.iter().map(|compared| write(compared)).collect();
            parts.concat()
        };
        Ok(match self.output {
            Form::Table => {
                parts(&|compared| {
                    let Previewed { change, id, .. } = compared;
                    format!("{change} {id}\n{}", unified(compared))
                }) + &removed(&|id| format!("delete {id}\n"))
            }
            Form::Markdown => {
                parts(&|compared| {
                    let Previewed { change, id, .. } = compared;
                    format!("**{change} {id}**\n\n```diff\n{}```\n\n", unified(compared))
                }) + &removed(&|id| format!("**delete {id}**\n\n"))
            }
            Form::Json => {
                let deleted = going
                    .iter()
                    .map(|one| json!({"object": one.id, "change": "delete"}));
                let values = changed.iter().map(|compared| as_json(compared));
                let values: Vec<Value> = values.chain(deleted).collect();
                format!("{}\n", serde_json::to_string_pretty(&values)?)
            }
        })
    }
}

fn as_json(compared: &Previewed) -> Value {
    let (before, after) = masked(compared);
    json!({"object": compared.id, "change": compared.change, "before": before, "after": after})
}

fn unified(compared: &Previewed) -> String {
    let (before, after) = masked(compared);
    let before = before.map_or(String::new(), |value| tidegate_yaml::emit(&value));
    let after = tidegate_yaml::emit(&after);
    let diff = TextDiff::from_lines(&before, &after);
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT).to_string()
}

/// Both sides, with secret values replaced: equal ones by the same text, different ones by different texts.
fn masked(compared: &Previewed) -> (Option<Value>, Value) {
    let mut before = compared.before.as_ref().map(plain);
    let mut after = plain(&compared.after);
    if is_secret(&compared.after) {
        let old = before.as_ref().and_then(|value| value.get("data")).cloned();
        let new = after.get("data").cloned();
        let same = |key: &str| {
            let value =
                |data: &Option<Value>| data.as_ref().and_then(|data| data.get(key)).cloned();
            value(&old) == value(&new)
        };
        if let Some(before) = &mut before {
            mask(before, &|key| {
                if same(key) { "***" } else { "*** (before)" }
            });
        }
        mask(&mut after, &|key| {
            if same(key) { "***" } else { "*** (after)" }
        });
    }
    (before, after)
}

fn is_secret(object: &Object) -> bool {
    object.id().kind.is("", "Secret")
}

fn mask(value: &mut Value, with: &dyn Fn(&str) -> &'static str) {
    for field in ["data", "stringData"] {
        match value.get_mut(field) {
            Some(Value::Object(entries)) => {
                for (key, value) in entries.iter_mut() {
                    *value = json!(with(key));
                }
            }
            Some(other) if !other.is_null() => *other = json!("***"),
            _ => {}
        }
    }
    if let Some(annotations) = value
        .pointer_mut("/metadata/annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(data: &Value) -> Object {
        let value =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": data});
        Object::new(value).unwrap()
    }

    #[test]
    fn secret_values_are_masked_and_changed_keys_are_seen() {
        let after = secret(&json!({"same": "eA==", "password": "Y2FuYXJ5"}));
        let compared = Previewed {
            id: after.id().clone(),
            change: Change::Update,
            before: Some(secret(&json!({"same": "eA==", "password": "b2xk"}))),
            after,
            problem: None,
            is_invalid: false,
        };
        insta::assert_snapshot!(unified(&compared), @r"
        @@ -1,6 +1,6 @@
         apiVersion: v1
         data:
        -  password: '*** (before)'
        +  password: '*** (after)'
           same: '***'
         kind: Secret
         metadata:
        ");
    }
}
