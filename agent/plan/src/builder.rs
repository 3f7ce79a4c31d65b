//! A plan while it is made: what the sources of edges share.

use std::collections::{BTreeMap, HashMap};

use tidegate_object::{GroupKind, Object, ObjectId};

use crate::catalog::{Catalog, Found, Wanted};
use crate::draft::{Draft, Drafts, End};
use crate::missing::Missing;
use crate::reference::Rules;
use crate::{EdgeClass, EdgeReason, Facts, Finding, FindingKind, Gate, Required};

/// A plan while it is made.
pub(crate) struct Builder<'a> {
    pub(crate) catalog: &'a Catalog<'a>,
    pub(crate) facts: &'a dyn Facts,
    pub(crate) rules: &'a Rules,
    pub(crate) drafts: Drafts,
    pub(crate) findings: Vec<Finding>,
    /// What controllers make of the plan's objects, and of which.
    pub(crate) made: HashMap<ObjectId, Vec<usize>>,
    pub(crate) required: BTreeMap<ObjectId, Requirement>,
    pub(crate) missing: BTreeMap<ObjectId, Missing>,
    /// The objects whose readiness nothing waits for.
    pub(crate) ungated: Vec<bool>,
}

/// A requirement, and whether something refers to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    pub(crate) is_ready: bool,
    pub(crate) is_used: bool,
}

/// What an edge is to be, when it is known what it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) class: EdgeClass,
    /// Whether it waits for the target's capability.
    pub(crate) is_gated: bool,
    pub(crate) keys: Vec<String>,
    pub(crate) is_optional: bool,
    pub(crate) reason: EdgeReason,
    /// The field that says so.
    pub(crate) field: String,
    /// Whether the object said so when it was last applied.
    pub(crate) said: Said,
}

/// Whether an object says something that it did not say when it was last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Anew,
    Before,
}

/// What a finding says about an object.
pub(crate) struct Remark<'r> {
    pub(crate) kind: FindingKind,
    pub(crate) field: &'r str,
    pub(crate) message: String,
}

impl Said {
    /// Compares an object of the plan with what it said before, if that is known.
    pub(crate) fn compare(catalog: &Catalog<'_>, number: usize, before: Option<bool>) -> Self {
        if catalog.is_written(number) && before != Some(true) {
            Self::Anew
        } else {
            Self::Before
        }
    }
}

impl<'a> Builder<'a> {
    pub(crate) fn new(
        catalog: &'a Catalog<'a>,
        facts: &'a dyn Facts,
        rules: &'a Rules,
        from_elsewhere: &[Required],
    ) -> Self {
        let nodes = catalog.objects.len();
        let required = from_elsewhere.iter().map(|required| {
            let requirement = Requirement {
                is_ready: required.ready,
                is_used: false,
            };
            (required.id.clone(), requirement)
        });
        Self {
            catalog,
            facts,
            rules,
            drafts: Drafts::new(nodes),
            findings: Vec::new(),
            made: HashMap::new(),
            required: required.collect(),
            missing: BTreeMap::new(),
            ungated: vec![false; nodes],
        }
    }

    /// Adds an edge to what a name stands for, or notes that it stands for nothing.
    pub(crate) fn link_name(&mut self, from: usize, name: &Wanted<'_>, wish: Wish) {
        match self.catalog.find(name) {
            Found::Here(to) => self.link(from, to, wish),
            Found::Elsewhere(id) => self.link_elsewhere(from, id, wish),
        }
    }

    /// Adds an edge to an object of the plan.
    pub(crate) fn link(&mut self, from: usize, to: usize, mut wish: Wish) {
        if wish.is_optional {
            wish.class = EdgeClass::Soft;
        }
        self.check_keys(from, to, &mut wish);
        let Some(target) = self.catalog.object(to) else {
            return;
        };
        let mut gate = wish.gate(&target.id().kind);
        let is_waited_for = matches!(gate, Gate::Serving | Gate::WebhookAnswers | Gate::Healthy);
        if is_waited_for && self.ungated.get(to) == Some(&true) {
            gate = Gate::Exists;
            wish.class = wish.class.min(EdgeClass::Exists);
        }
        let fresh = self.is_fresh(from, wish.said, &[to]);
        let draft = Draft::new(End::Node(to), wish.class, gate, wish.reason);
        self.drafts.add(from, Draft { fresh, ..draft });
    }

    fn link_elsewhere(&mut self, from: usize, id: ObjectId, wish: Wish) {
        if self.made.contains_key(&id) {
            return self.link_made(from, &id, wish);
        }
        if wish.is_optional {
            return;
        }
        if let Some(required) = self.required.get_mut(&id) {
            required.is_used = true;
            return self.link_required(from, id, wish);
        }
        if !self.rules.table.is_builtin(&id) && self.facts.exists(&id) != Some(true) {
            let missing = self.missing.entry(id).or_insert_with(|| Missing {
                from,
                field: wish.field,
                others: 0,
            });
            if missing.from != from {
                missing.others += 1;
            }
        }
    }

    /// What a controller makes is waited for itself; its provider only comes first.
    fn link_made(&mut self, from: usize, id: &ObjectId, wish: Wish) {
        let providers = self.made.get(id).cloned().unwrap_or_default();
        let fresh = self.is_fresh(from, wish.said, &providers);
        for provider in &providers {
            let field = wish.field.clone();
            let reason = EdgeReason::Provider {
                field,
                provides: id.clone(),
            };
            let draft = Draft::soft(*provider, reason);
            self.drafts.add(from, Draft { fresh, ..draft });
        }
        // An object may name what is made of itself.
        if !wish.is_optional && !providers.contains(&from) {
            let gate = wish.gate_elsewhere();
            let end = End::Elsewhere(id.clone());
            let draft = Draft::new(end, wish.class, gate, wish.reason);
            self.drafts.add(from, Draft { fresh, ..draft });
        }
    }

    fn link_required(&mut self, from: usize, id: ObjectId, wish: Wish) {
        let fresh = self.is_fresh(from, wish.said, &[]);
        let class = wish.class.max(EdgeClass::Exists);
        let gate = wish.gate(&id.kind);
        let draft = Draft::new(End::Elsewhere(id), class, gate, wish.reason);
        self.drafts.add(from, Draft { fresh, ..draft });
    }

    /// Tells whether an edge delays the update of a healthy object.
    pub(crate) fn is_fresh(&self, from: usize, said: Said, targets: &[usize]) -> bool {
        let mut targets = targets.iter();
        said == Said::Anew
            || self.catalog.is_made(from)
            || targets.any(|to| self.catalog.is_written(*to))
    }

    /// Takes keys that a planned Secret or ConfigMap does not have out of the gate: they would keep it closed for ever.
    fn check_keys(&mut self, from: usize, to: usize, wish: &mut Wish) {
        let Some(target) = self.catalog.object(to) else {
            return;
        };
        if wish.keys.is_empty() || self.is_filled_elsewhere(target) {
            return;
        }
        let has = |key: &String| {
            let fields = ["data", "stringData", "binaryData"];
            let mut maps = fields.iter().filter_map(|field| target.value().get(field));
            maps.any(|map| map.get(key).is_some())
        };
        let (present, absent): (Vec<_>, Vec<_>) = wish.keys.drain(..).partition(has);
        wish.keys = present;
        if !absent.is_empty() && !wish.is_optional {
            let target = target.id();
            let keys = absent.join("`, `");
            let message = format!("{target} has no key `{keys}`: add it, or read another");
            let remark = Remark {
                kind: FindingKind::DanglingReference,
                field: &wish.field,
                message,
            };
            self.find(from, remark);
        }
    }

    /// Tells whether a controller puts keys into a planned Secret or ConfigMap.
    fn is_filled_elsewhere(&self, target: &Object) -> bool {
        let by_cluster = target.text("/type") == Some("kubernetes.io/service-account-token");
        let has_data = ["data", "stringData", "binaryData"]
            .iter()
            .filter_map(|field| target.value().get(field)?.as_object())
            .any(|map| !map.is_empty());
        by_cluster || !has_data || self.made.contains_key(target.id())
    }

    /// Adds a finding about an object of the plan.
    pub(crate) fn find(&mut self, number: usize, remark: Remark<'_>) {
        let Remark {
            kind,
            field,
            message,
        } = remark;
        let object = self.catalog.object(number);
        self.findings.push(Finding {
            kind,
            object: object.map(|object| object.id().clone()),
            origin: object.and_then(|object| object.origin().cloned()),
            field: (!field.is_empty()).then(|| field.into()),
            message,
        });
    }
}

impl Wish {
    /// An edge that the API's structure demands.
    pub(crate) fn structure(class: EdgeClass, rule: &str) -> Self {
        let reason = EdgeReason::Structure { rule: rule.into() };
        Self {
            class,
            is_gated: class == EdgeClass::Ready,
            keys: Vec::new(),
            is_optional: false,
            reason,
            field: String::new(),
            said: Said::Before,
        }
    }

    fn gate(&self, kind: &GroupKind) -> Gate {
        if !self.keys.is_empty() && self.class != EdgeClass::Soft {
            return Gate::Keys {
                keys: self.keys.clone(),
            };
        }
        if !self.is_gated {
            return Gate::Exists;
        }
        if self.reason.is_explicit() {
            return Gate::Healthy;
        }
        match (kind.group.as_str(), kind.kind.as_str()) {
            ("", "Namespace") => Gate::Active,
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Gate::Established,
            ("admissionregistration.k8s.io", kind) if kind.ends_with("WebhookConfiguration") => {
                Gate::WebhookAnswers
            }
            _ => Gate::Serving,
        }
    }

    /// What is made is not judged by its health: it is there, with the keys.
    fn gate_elsewhere(&self) -> Gate {
        if self.keys.is_empty() || self.class == EdgeClass::Soft {
            return Gate::Exists;
        }
        Gate::Keys {
            keys: self.keys.clone(),
        }
    }
}
