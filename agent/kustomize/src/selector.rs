//! Selecting objects: by anchored regular expressions on ids, by labels and annotations.

use regex::Regex;

use crate::fault::Step;
use crate::go_regex::compile;
use crate::gvk::Gvk;
use crate::kustomization::Selector;
use crate::label_selector::LabelSelector;
use crate::resource::Resource;

/// A compiled selector.
#[derive(Debug)]
pub(crate) struct Matcher {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    /// Wrong ones are an error only where an object has come so far.
    annotations: Result<LabelSelector, String>,
    labels: Result<LabelSelector, String>,
}

/// What a part of an id must be as a whole.
#[derive(Debug)]
enum Pattern {
    /// This text, as most patterns are.
    Text(String),
    Regex(Regex),
}

impl Matcher {
    pub(crate) fn new(selector: &Selector) -> Step<Self> {
        Ok(Self {
            group: anchored("group", &selector.gvk.group)?,
            version: anchored("version", &selector.gvk.version)?,
            kind: anchored("kind", &selector.gvk.kind)?,
            name: anchored("name", &selector.name)?,
            namespace: anchored("namespace", &selector.namespace)?,
            annotations: LabelSelector::parse(&selector.annotations)
                .map_err(|reason| format!("annotationSelector: {reason}")),
            labels: LabelSelector::parse(&selector.labels)
                .map_err(|reason| format!("labelSelector: {reason}")),
        })
    }

    /// Whether a patch's target means an object (`resWrangler.Select`).
    pub(crate) fn selects(&self, resource: &Resource) -> Step<bool> {
        let name = |name: &str| fits(self.name.as_ref(), name);
        let namespace = |namespace: &str| fits(self.namespace.as_ref(), namespace);
        let original = resource.history.previous.first();
        let original_name = original.map_or(&resource.id().name, |previous| &previous.name);
        let is_named = (namespace(resource.original_namespace())
            || namespace(resource.effective_namespace()))
            && (name(original_name) || name(&resource.id().name))
            && self.fits_gvk(resource.gvk());
        Ok(is_named && self.fits_labels(resource)?)
    }

    fn fits_gvk(&self, gvk: &Gvk) -> bool {
        fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version)
            && fits(self.kind.as_ref(), &gvk.kind)
    }

    /// Whether the current or a former id fits, its namespace as it is written.
    pub(crate) fn fits_any_id(&self, resource: &Resource) -> bool {
        let id = resource.id();
        let fits_one = |kind: &str, name: &str, namespace: &str| {
            fits(self.kind.as_ref(), kind)
                && fits(self.name.as_ref(), name)
                && fits(self.namespace.as_ref(), namespace)
        };
        let mut previous = resource.history.previous.iter();
        fits(self.group.as_ref(), &id.gvk.group)
            && fits(self.version.as_ref(), &id.gvk.version)
            && (fits_one(&id.gvk.kind, &id.name, &id.namespace)
                || previous.any(|one| fits_one(&one.kind, &one.name, &one.namespace)))
    }

    pub(crate) fn fits_labels(&self, resource: &Resource) -> Step<bool> {
        let labels = self.labels.as_ref().map_err(Clone::clone)?;
        let annotations = self.annotations.as_ref().map_err(Clone::clone)?;
        Ok((labels.is_empty() || labels.fits(&resource.labels()))
            && (annotations.is_empty() || annotations.fits(&resource.annotations())))
    }

    /// Whether it selects by labels or annotations.
    pub(crate) fn has_labels(&self) -> bool {
        let says = |selector: &Result<LabelSelector, String>| {
            selector
                .as_ref()
                .map_or(true, |selector| !selector.is_empty())
        };
        says(&self.labels) || says(&self.annotations)
    }

    /// Whether it selects by ids.
    pub(crate) fn has_id(&self) -> bool {
        let parts = [
            &self.group,
            &self.version,
            &self.kind,
            &self.name,
            &self.namespace,
        ];
        parts.iter().any(|part| part.is_some())
    }
}

fn anchored(part: &str, pattern: &str) -> Step<Option<Pattern>> {
    if pattern.is_empty() {
        return Ok(None);
    }
    if is_text(pattern) {
        return Ok(Some(Pattern::Text(pattern.to_owned())));
    }
    let compiled = compile(&format!("^(?:{pattern})$"))
        .map_err(|fault| fault.within(|| format!("`{part}: {pattern}`")))?;
    Ok(Some(Pattern::Regex(compiled)))
}

/// Whether an expression matches nothing but its own text.
pub(crate) fn is_text(pattern: &str) -> bool {
    let is_literal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    pattern.bytes().all(is_literal)
}

fn fits(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| match pattern {
        Pattern::Text(wanted) => wanted == text,
        Pattern::Regex(regex) => regex.is_match(text),
    })
}
