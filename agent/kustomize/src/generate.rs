//! Generated objects: ConfigMaps and Secrets.

mod absorb;
mod sources;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tidegate_object::Origin;
use tidegate_yaml::{Node, NodeValue, ScalarStyle};

pub(crate) use absorb::absorb;

use crate::RenderError;
use crate::error::Place;
use crate::files::Files;
use crate::kustomization::{GeneratorArgs, GeneratorOptions, Texts};
use crate::node;
use crate::resource::{Behavior, Resource};

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generated {
    ConfigMap,
    Secret,
}

/// Where a generator stands, and where its files are.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a Files<'a>,
    /// Takes what is worth a warning.
    pub(crate) find: &'a dyn Fn(Place, String),
    pub(crate) folder: &'a str,
    pub(crate) place: Place,
}

/// Makes one object.
pub(crate) fn generate(
    kind: Generated,
    args: &GeneratorArgs,
    context: &Context<'_>,
) -> Result<Resource, RenderError> {
    if args.name.is_empty() {
        return Err(context.place.clone().invalid("a generator needs a `name`"));
    }
    let data = sources::pairs(args, context)?;
    let mut fields = vec![
        ("apiVersion", node::string("v1")),
        ("kind", node::string(kind.name())),
        ("metadata", metadata(args)),
    ];
    match kind {
        Generated::ConfigMap => {
            let (texts, binaries): (Vec<_>, Vec<_>) =
                data.into_iter().partition(|(_, value)| value.is_text());
            let maps = [("data", texts), ("binaryData", binaries)];
            for (name, pairs) in maps.into_iter().filter(|(_, pairs)| !pairs.is_empty()) {
                fields.push((
                    name,
                    mapping(
                        pairs
                            .into_iter()
                            .map(|(key, value)| (key, text(&value.into_text()))),
                    ),
                ));
            }
        }
        Generated::Secret => {
            let secret_type = match args.secret_type.as_str() {
                "" => "Opaque",
                given => given,
            };
            fields.push(("type", node::string(secret_type)));
            let encoded = data
                .into_iter()
                .map(|(key, value)| (key, node::string(&encode(value.bytes()))));
            fields.push(("data", mapping(encoded)));
        }
    }
    if args
        .options
        .as_ref()
        .is_some_and(|options| options.immutable)
    {
        fields.push(("immutable", node::with_tag(node::scalar("true"), "!!bool")));
    }
    Ok(finish(mapping_of(fields), args, context))
}

fn finish(root: Node, args: &GeneratorArgs, context: &Context<'_>) -> Resource {
    let origin = Origin {
        file: context.place.file.as_str().into(),
        document: 0,
        line: context.place.line,
    };
    let mut resource = Resource::new(root, origin, 0);
    let options = args.options.as_ref();
    resource.history.needs_hash = !options.is_some_and(|options| options.disable_hash);
    resource.history.behavior = Some(match args.behavior.as_str() {
        "replace" => Behavior::Replace,
        "merge" => Behavior::Merge,
        _ => Behavior::Create,
    });
    resource
}

impl Generated {
    /// The name of its generator.
    pub(crate) fn generator(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

fn metadata(args: &GeneratorArgs) -> Node {
    let mut fields = vec![("name", node::string(&args.name))];
    if !args.namespace.is_empty() {
        fields.push(("namespace", node::string(&args.namespace)));
    }
    let default = GeneratorOptions::default();
    let options = args.options.as_ref().unwrap_or(&default);
    let maps = [
        ("labels", &options.labels),
        ("annotations", &options.annotations),
    ];
    for (name, texts) in maps.into_iter().filter(|(_, texts)| !texts.is_empty()) {
        fields.push((name, text_mapping(texts)));
    }
    mapping_of(fields)
}

fn text_mapping(texts: &Texts) -> Node {
    let pairs = texts.iter();
    mapping(pairs.map(|(key, value)| (key.clone(), node::string(value))))
}

fn mapping_of(fields: Vec<(&str, Node)>) -> Node {
    mapping(
        fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value)),
    )
}

/// A text that keeps its quotes when a patch replaces it, if it needs them in YAML 1.1 (`FieldSetter`).
fn text(value: &str) -> Node {
    let mut text = node::string(value);
    if node::is_old_non_string(value) {
        node::restyle(&mut text, ScalarStyle::DoubleQuoted);
    }
    text
}

/// A mapping; as in kustomize, a key that looks like a number is one, and an error at the end.
fn mapping(pairs: impl Iterator<Item = (String, Node)>) -> Node {
    let pairs = pairs.map(|(key, value)| (node::scalar(&key), value));
    Node::from(NodeValue::Mapping(pairs.collect()))
}

/// Letters on a line of encoded data.
const LINE: usize = 70;

/// Base64; from 70 letters on in lines of 70, the last of which ends too.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let encoded = BASE64_STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}
