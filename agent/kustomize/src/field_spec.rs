//! Which fields of which kinds a transformer reaches.

use crate::gvk::Gvk;

/// A field of a kind: `spec/template/spec/containers[]/image`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// Empty parts match anything.
    pub(crate) selector: Gvk,
    /// As it is written.
    pub(crate) path: String,
    /// The path's parts.
    pub(crate) parts: Vec<String>,
    pub(crate) missing: Missing,
}

/// What happens where a field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Missing {
    #[default]
    Skip,
    Create,
}

/// The fields in which objects name another kind of object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

/// The fields that each transformer reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_references: Vec<NameReference>,
    pub(crate) var_references: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

/// Two specifications of one field disagree on whether it is made.
#[derive(Debug)]
pub(crate) struct Conflict(pub(crate) String);

impl FieldSpec {
    pub(crate) fn new(selector: Gvk, path: &str, missing: Missing) -> Self {
        Self {
            selector,
            path: path.to_owned(),
            parts: split_path(path, '/'),
            missing,
        }
    }

    /// A field of every kind.
    pub(crate) fn everywhere(path: &str) -> Self {
        Self::new(Gvk::default(), path, Missing::Create)
    }
}

impl Config {
    pub(crate) fn section_mut(&mut self, name: &str) -> &mut Vec<FieldSpec> {
        match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_references,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => &mut self.labels,
        }
    }

    fn sections(&self) -> [&Vec<FieldSpec>; 10] {
        [
            &self.name_prefix,
            &self.name_suffix,
            &self.namespace,
            &self.common_labels,
            &self.labels,
            &self.template_labels,
            &self.common_annotations,
            &self.var_references,
            &self.images,
            &self.replicas,
        ]
    }

    fn sections_mut(&mut self) -> [&mut Vec<FieldSpec>; 10] {
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_references,
            &mut self.images,
            &mut self.replicas,
        ]
    }

    /// Adds another configuration's fields (`TransformerConfig.Merge`).
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Conflict> {
        for (own, others) in self.sections_mut().into_iter().zip(other.sections()) {
            merge_all(own, others)?;
        }
        for reference in &other.name_references {
            self.add_reference(reference)?;
        }
        self.sort();
        Ok(())
    }

    pub(crate) fn add_reference(&mut self, reference: &NameReference) -> Result<(), Conflict> {
        let mut known = self.name_references.iter_mut();
        if let Some(known) = known.find(|known| known.target == reference.target) {
            return merge_all(&mut known.referrers, &reference.referrers);
        }
        self.name_references.push(reference.clone());
        Ok(())
    }

    pub(crate) fn sort(&mut self) {
        for section in self.sections_mut() {
            section.sort_by_cached_key(|spec| spec.selector.order());
        }
        self.name_references
            .sort_by_cached_key(|reference| reference.target.order());
    }
}

/// Adds the fields that are not there yet (`FsSlice.MergeAll`).
pub(crate) fn merge_all(own: &mut Vec<FieldSpec>, others: &[FieldSpec]) -> Result<(), Conflict> {
    others.iter().try_for_each(|spec| merge_one(own, spec))
}

pub(crate) fn merge_one(own: &mut Vec<FieldSpec>, spec: &FieldSpec) -> Result<(), Conflict> {
    let same = own
        .iter()
        .find(|known| known.path == spec.path && known.selector.is_selected(&spec.selector));
    match same {
        Some(known) if known.missing == spec.missing => Ok(()),
        Some(_known) => Err(Conflict(format!(
            "conflicting field specifications for `{}`: one says `create`, the other not",
            spec.path
        ))),
        None => {
            own.push(spec.clone());
            Ok(())
        }
    }
}

/// Splits a path; a backslash keeps a separator in its part (`utils.PathSplitter`).
pub(crate) fn split_path(path: &str, separator: char) -> Vec<String> {
    let mut pieces = path.split(separator).peekable();
    if path.starts_with(separator) {
        pieces.next();
    }
    let mut parts: Vec<String> = Vec::new();
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(separator);
                last.push_str(piece);
            }
            _ => parts.push(piece.to_owned()),
        }
    }
    parts
}

/// Splits a path of dots, in which brackets keep dots together (`utils.SmarterPathSplitter`).
pub(crate) fn split_dotted(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, '.').into_iter();
    while let Some(mut part) = pieces.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            parts.push(part);
            continue;
        }
        for piece in pieces.by_ref() {
            part.push('.');
            part.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        if part.contains('=') {
            parts.push(part);
        } else {
            parts.push(part.trim_matches(['[', ']']).to_owned());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_backslashes_keep_separators() {
        let check = |path, expected: &[&str]| assert_eq!(split_dotted(path), expected, "{path}");
        check("a.b.c", &["a", "b", "c"]);
        check(r"a.b\.c", &["a", "b.c"]);
        check("a.[b.c/d].e", &["a", "b.c/d", "e"]);
        check("a.[name=b.c].e", &["a", "[name=b.c]", "e"]);
        check(".a", &["a"]);
        check("a.[b.c", &["a", "b.c"]);
    }
}
