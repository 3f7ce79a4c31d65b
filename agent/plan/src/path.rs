//! Paths to fields: `spec.volumes[].secret.secretName`.

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{path}` is no path to a field: {problem}: write for example spec.users[].secretName")]
pub struct PathError {
    /// The path.
    pub path: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// A path to fields: names with dots between, `[]` behind a list, `*` for any name, `\.` for a dot in a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    /// `None` is any name.
    name: Option<String>,
    is_list: bool,
}

/// A field that a path leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit<'v> {
    /// The mapping that holds it.
    pub(crate) parent: &'v Map<String, Value>,
    /// Its value.
    pub(crate) value: &'v Value,
}

/// Paths that are written as one, with `|` between names: `spec.a|b[].name`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Paths(pub(crate) Vec<FieldPath>);

impl Paths {
    pub(crate) fn parse(text: &str) -> Result<Self, PathError> {
        let FieldPath { segments, .. } = FieldPath::parse(text)?;
        let mut paths = vec![Vec::new()];
        for Segment { name, is_list } in segments {
            let names: Vec<_> = match &name {
                Some(name) => name.split('|').map(|name| Some(name.to_owned())).collect(),
                None => vec![None],
            };
            let longer = |path: &Vec<Segment>| {
                let path = path.clone();
                let ends = names.clone().into_iter();
                ends.map(move |name| [path.clone(), vec![Segment { name, is_list }]].concat())
            };
            paths = paths.iter().flat_map(longer).collect();
        }
        Ok(Self(paths.into_iter().map(FieldPath::new).collect()))
    }
}

impl TryFrom<String> for Paths {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl Segment {
    fn written(&self) -> String {
        let name = match &self.name {
            Some(name) => name.replace('.', r"\."),
            None => "*".into(),
        };
        if self.is_list { name + "[]" } else { name }
    }
}

impl FieldPath {
    fn new(segments: Vec<Segment>) -> Self {
        let written: Vec<_> = segments.iter().map(Segment::written).collect();
        let text = written.join(".");
        Self { text, segments }
    }

    /// Returns the path that goes on where this one ends.
    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self::new([self.segments.clone(), rest.segments.clone()].concat())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, PathError> {
        let mut segments = Vec::new();
        for part in split(text) {
            let (name, is_list) = match part.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (part.as_str(), false),
            };
            let problem = match name {
                "" => "a name is empty",
                _ if name.contains(['[', ']', '{', '$']) => {
                    "only `[]` at the end of a name is known"
                }
                _ => "",
            };
            if !problem.is_empty() {
                let path = text.into();
                return Err(PathError { path, problem });
            }
            let name = (name != "*").then(|| name.to_owned());
            segments.push(Segment { name, is_list });
        }
        Ok(Self::new(segments))
    }

    /// Returns the path as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text of a field below the first mapping that the path leads to.
    pub(crate) fn text_below<'v>(&self, value: &'v Value, field: &str) -> Option<&'v str> {
        let mut found = None;
        self.visit(value, &mut |hit| {
            found = found.or_else(|| hit.value.get(field)?.as_str());
        });
        found.filter(|text| !text.is_empty())
    }

    /// Calls `hit` for every field that the path leads to.
    pub(crate) fn visit<'v>(&self, value: &'v Value, hit: &mut dyn FnMut(Hit<'v>)) {
        if let Value::Object(fields) = value {
            visit(fields, &self.segments, hit);
        }
    }

    /// Calls `hit` for every field below a mapping that the path leads to.
    pub(crate) fn visit_in<'v>(
        &self,
        fields: &'v Map<String, Value>,
        hit: &mut dyn FnMut(Hit<'v>),
    ) {
        visit(fields, &self.segments, hit);
    }

    /// Returns all texts that the path leads to.
    pub(crate) fn texts<'v>(&self, fields: &'v Map<String, Value>) -> Vec<&'v str> {
        let mut found = Vec::new();
        self.visit_in(fields, &mut |hit| {
            found.extend(hit.value.as_str().filter(|text| !text.is_empty()));
        });
        found
    }

    /// Returns the first text that the path leads to in an object.
    pub(crate) fn text<'v>(&self, value: &'v Value) -> Option<&'v str> {
        self.texts(value.as_object()?).first().copied()
    }
}

fn visit<'v>(fields: &'v Map<String, Value>, path: &[Segment], hit: &mut dyn FnMut(Hit<'v>)) {
    let Some((segment, rest)) = path.split_first() else {
        return;
    };
    let mut follow = |value: &'v Value| match value {
        Value::Array(items) if segment.is_list => {
            for item in items {
                arrive(fields, item, rest, hit);
            }
        }
        value if !segment.is_list => arrive(fields, value, rest, hit),
        _ => {}
    };
    match &segment.name {
        Some(name) => {
            if let Some(value) = fields.get(name) {
                follow(value);
            }
        }
        None => fields.values().for_each(follow),
    }
}

fn arrive<'v>(
    parent: &'v Map<String, Value>,
    value: &'v Value,
    rest: &[Segment],
    hit: &mut dyn FnMut(Hit<'v>),
) {
    match value {
        value if rest.is_empty() => hit(Hit { parent, value }),
        Value::Object(fields) => visit(fields, rest, hit),
        _ => {}
    }
}

/// Splits at dots that have no backslash before them.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => push(&mut parts, chars.next().unwrap_or('\\')),
            '.' => parts.push(String::new()),
            other => push(&mut parts, other),
        }
    }
    parts
}

fn push(parts: &mut [String], char: char) {
    if let Some(last) = parts.last_mut() {
        last.push(char);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &[&str]) {
        let value = json!({
            "spec": {
                "name": "a", "list": [{"x": "b"}, {"x": "c", "y": "d"}, "e"], "texts": ["f", "g"],
                "map": {"k": {"name": "h"}, "l": {"name": "i"}, "m": "j"}
            },
            "metadata": {"annotations": {"a.b/c": "k"}},
        });
        let path = FieldPath::parse(path).unwrap();
        assert_eq!(path.texts(value.as_object().unwrap()), expected);
    }

    #[test]
    fn paths_lead_to_fields() {
        check("spec.name", &["a"]);
        check("spec.list[].x", &["b", "c"]);
        check("spec.texts[]", &["f", "g"]);
        check("spec.map.*.name", &["h", "i"]);
        check(r"metadata.annotations.a\.b/c", &["k"]);
    }

    #[test]
    fn paths_that_do_not_fit_lead_nowhere() {
        for path in [
            "spec.list.x",
            "spec.name[]",
            "spec.name.x",
            "other",
            "spec.texts",
        ] {
            check(path, &[]);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in [
            "",
            "spec..name",
            "spec.list[0].x",
            "$.spec",
            "spec.",
            "{.a}",
        ] {
            let error = FieldPath::parse(path).unwrap_err().to_string();
            assert!(error.contains(path), "{error}");
        }
    }
}
