//! A Layer's spec, checked: what the rules of the CRD cannot hold, or did not, on a cluster with an older one.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;
use tidegate_object::{GroupKind, ObjectId};
use tidegate_plan::{ConsequenceKind, EdgeClass, KindPattern, Required, Rule};
use tidegate_source::{GitSpec, Reference as SourceReference};

use super::duration::parse_duration;
use super::{
    ApproveWhen, GitRef, GitSource, Hold, LayerSpec, PruneSpec, Reference, ReferenceClass,
    ReferenceKind, Requirement,
};
use crate::controller::DependsOn;

use crate::sources::Wanted;
use crate::{Prune, Settings};

/// The shortest interval, pause or deadline.
const SHORTEST: Duration = Duration::from_secs(1);

/// A Layer's spec, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checked {
    /// What is followed.
    pub(crate) source: Wanted,
    /// The directory, without `.` and slashes around it.
    pub(crate) path: String,
    /// The layers that come first.
    pub(crate) depends_on: Vec<DependsOn>,
    /// The first pause before a run that did not end well is tried again.
    pub(crate) retry: Duration,
    /// Whether nothing is written.
    pub(crate) suspend: bool,
    /// When the hold ends, if one is in force.
    pub(crate) held_until: Option<Timestamp>,
    /// How a run is done.
    pub(crate) settings: Settings,
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub(crate) struct SpecError {
    field: String,
    problem: String,
}

impl Checked {
    /// Checks the spec of a Layer of a namespace; `concurrency` objects of it are written at the same time.
    pub(crate) fn new(
        spec: &LayerSpec,
        namespace: &str,
        concurrency: usize,
    ) -> Result<Self, SpecError> {
        let git = &spec.source.git;
        let settings = Settings {
            adopt: spec.adopt,
            timeout: duration("spec.timeout", &spec.timeout)?,
            account: Some((namespace.into(), spec.service_account_name.clone())),
            requires: spec.requires.iter().map(Required::from).collect(),
            references: spec.references.iter().map(Rule::from).collect(),
            concurrency,
            prune: prune(&spec.prune)?,
            mode: spec.mode,
            approve_when: approve_when(&spec.approve_when),
            failure_policy: spec.failure_policy,
        };
        let secret = git.secret_ref.as_ref();
        let hold = hold(spec, Timestamp::now())?;
        let mut followed = source(git)?;
        if let Some((commit, _)) = &hold {
            followed.reference = commit.clone();
        }
        Ok(Self {
            source: Wanted {
                spec: followed,
                interval: duration("spec.source.git.interval", &git.interval)?,
                secret: secret.map(|secret| (namespace.into(), secret.name.clone())),
            },
            path: path(&spec.path)?,
            depends_on: depends_on(spec, namespace),
            retry: duration("spec.retryInterval", &spec.retry_interval)?,
            suspend: spec.suspend,
            held_until: hold.map(|(_, until)| until),
            settings,
        })
    }
}

/// What a plan waits for approval for: what loses data always does.
fn approve_when(spec: &[ApproveWhen]) -> Vec<ConsequenceKind> {
    let named = spec.iter().map(|when| match when {
        ApproveWhen::DataLoss => ConsequenceKind::DataLoss,
        ApproveWhen::CrdChange => ConsequenceKind::CrdChange,
        ApproveWhen::StatefulRestart => ConsequenceKind::StatefulRestart,
        ApproveWhen::ScaleDown => ConsequenceKind::ScaleDown,
        ApproveWhen::Restart => ConsequenceKind::Restart,
    });
    std::iter::once(ConsequenceKind::DataLoss)
        .chain(named)
        .collect()
}

fn prune(spec: &PruneSpec) -> Result<Prune, SpecError> {
    if !(0.0..=1.0).contains(&spec.max_fraction) {
        let problem = format!(
            "`{}` is not a share from 0 to 1, for example 0.3",
            spec.max_fraction
        );
        return Err(wrong("spec.prune.maxFraction", &problem));
    }
    Ok(Prune {
        when: spec.enabled.then_some(spec.when),
        max_fraction: spec.max_fraction,
    })
}

/// The commit of a hold that has not ended, and when it does.
fn hold(
    spec: &LayerSpec,
    now: Timestamp,
) -> Result<Option<(SourceReference, Timestamp)>, SpecError> {
    let Some(Hold { revision, until }) = &spec.hold else {
        return Ok(None);
    };
    let commit = SourceReference::commit(revision);
    let commit = commit.map_err(|error| wrong("spec.hold.revision", &error))?;
    let until: Timestamp = until.parse().map_err(|_| {
        let problem = format!("`{until}` is not a time such as 2026-12-01T18:00:00Z");
        wrong("spec.hold.until", &problem)
    })?;
    Ok((until > now).then_some((commit, until)))
}

fn source(git: &GitSource) -> Result<GitSpec, SpecError> {
    let url = git
        .url
        .parse()
        .map_err(|error| wrong("spec.source.git.url", &error))?;
    let reference = match &git.reference {
        None => SourceReference::default(),
        Some(reference) => followed(reference)?,
    };
    Ok(GitSpec {
        url,
        reference,
        timeout: duration("spec.source.git.timeout", &git.timeout)?,
    })
}

fn followed(reference: &GitRef) -> Result<SourceReference, SpecError> {
    let GitRef {
        branch,
        tag,
        semver,
        commit,
    } = reference;
    let (field, parsed) = match (branch, tag, semver, commit) {
        (Some(branch), None, None, None) => ("branch", SourceReference::branch(branch)),
        (None, Some(tag), None, None) => ("tag", SourceReference::tag(tag)),
        (None, None, Some(range), None) => ("semver", SourceReference::semver(range)),
        (None, None, None, Some(commit)) => ("commit", SourceReference::commit(commit)),
        _ => {
            let problem = "set exactly one of branch, tag, semver and commit";
            return Err(wrong("spec.source.git.ref", &problem));
        }
    };
    parsed.map_err(|error| wrong(&format!("spec.source.git.ref.{field}"), &error))
}

/// The layers that come first.
pub(crate) fn depends_on(spec: &LayerSpec, namespace: &str) -> Vec<DependsOn> {
    let dependencies = spec.depends_on.iter().map(|dependency| DependsOn {
        layer: dependency.layer(namespace),
        continuous: dependency.continuous,
    });
    dependencies.collect()
}

impl From<&Requirement> for Required {
    fn from(requirement: &Requirement) -> Self {
        let group = match requirement.api_version.rsplit_once('/') {
            Some((group, _)) => group,
            None => "",
        };
        let kind = GroupKind::new(group, &requirement.kind);
        Self {
            id: ObjectId::new(kind, requirement.namespace.as_deref(), &requirement.name),
            ready: requirement.ready,
        }
    }
}

impl From<&Reference> for Rule {
    fn from(reference: &Reference) -> Self {
        let pattern = |kind: &ReferenceKind| KindPattern {
            group: kind.group.clone(),
            kind: kind.kind.clone(),
        };
        Self {
            from: pattern(&reference.from),
            path: reference.path.clone(),
            to: pattern(&reference.to),
            class: match reference.class {
                ReferenceClass::Exists => EdgeClass::Exists,
                ReferenceClass::Ready => EdgeClass::Ready,
                ReferenceClass::Soft => EdgeClass::Soft,
            },
        }
    }
}

fn path(text: &str) -> Result<String, SpecError> {
    let parts: Vec<&str> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if text.starts_with('/') || parts.contains(&"..") {
        let problem = "must be a path within the repository: relative, without `..`";
        return Err(wrong("spec.path", &problem));
    }
    Ok(parts.join("/"))
}

fn duration(field: &str, text: &str) -> Result<Duration, SpecError> {
    let parsed = parse_duration(text).filter(|duration| *duration >= SHORTEST);
    let problem =
        || format!("`{text}` is not a duration of at least 1s, such as 30s, 10m or 1h30m");
    parsed.ok_or_else(|| wrong(field, &problem()))
}

fn wrong(field: &str, problem: &dyn std::fmt::Display) -> SpecError {
    SpecError {
        field: field.into(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(change: impl FnOnce(&mut Value)) -> Result<Checked, String> {
        let mut spec = json!({"source": {"git": {"url": "https://git.example.com/platform.git"}}});
        change(&mut spec);
        let spec: LayerSpec = serde_json::from_value(spec).unwrap();
        Checked::new(&spec, "team", 8).map_err(|error| error.to_string())
    }

    fn check(change: impl FnOnce(&mut Value), expected: &str) {
        let error = checked(change).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn wrong_fields_are_named() {
        check(
            |spec| spec["timeout"] = json!("soon"),
            "spec.timeout: `soon` is not a duration",
        );
        check(
            |spec| spec["retryInterval"] = json!("1ms"),
            "spec.retryInterval: `1ms`",
        );
        check(
            |spec| spec["path"] = json!("a/../../b"),
            "spec.path: must be a path within",
        );
        check(
            |spec| spec["source"]["git"]["interval"] = json!("1"),
            "spec.source.git.interval: `1`",
        );
        check(
            |spec| spec["source"]["git"]["url"] = json!("nowhere"),
            "spec.source.git.url: ",
        );
        check(
            |spec| spec["source"]["git"]["ref"] = json!({"semver": "new"}),
            "spec.source.git.ref.semver: ",
        );
        check(
            |spec| spec["source"]["git"]["ref"] = json!({"branch": "a..b"}),
            "spec.source.git.ref.branch: ",
        );
        check(
            |spec| spec["hold"] = json!({"revision": "abc", "until": "2026-12-01T18:00:00Z"}),
            "spec.hold.revision: `abc` is not a commit",
        );
        check(
            |spec| spec["hold"] = json!({"revision": "0a".repeat(20), "until": "soon"}),
            "spec.hold.until: `soon` is not a time",
        );
        check(
            |spec| spec["source"]["git"]["ref"] = json!({}),
            "spec.source.git.ref: set exactly one",
        );
    }

    #[test]
    fn a_hold_is_followed_until_it_ends() {
        let held = |until: &str| {
            let hold = json!({"revision": "0a".repeat(20), "until": until});
            let checked = checked(|spec| spec["hold"] = hold).unwrap();
            let is_held = matches!(checked.source.spec.reference, SourceReference::Commit(_));
            (is_held, checked.held_until.is_some())
        };
        assert_eq!(held("2999-01-01T00:00:00Z"), (true, true));
        assert_eq!(held("2001-01-01T00:00:00Z"), (false, false));
    }

    #[test]
    fn names_are_filled_in_from_the_namespace() {
        let checked = checked(|spec| {
            spec["path"] = json!("./clusters//dev/");
            spec["source"]["git"]["secretRef"] = json!({"name": "git"});
            spec["dependsOn"] =
                json!([{"name": "first"}, {"name": "other", "namespace": "shared"}]);
            spec["requires"] =
                json!([{"apiVersion": "db.example/v1", "kind": "Shard", "name": "a"}]);
        });
        let checked = checked.unwrap();
        assert_eq!(checked.path, "clusters/dev");
        assert_eq!(checked.source.secret, Some(("team".into(), "git".into())));
        let layers: Vec<String> = checked
            .depends_on
            .iter()
            .map(|dependency| format!("{}/{}", dependency.layer.0, dependency.layer.1))
            .collect();
        assert_eq!(layers, ["team/first", "shared/other"]);
        assert_eq!(
            checked.settings.requires[0].id.to_string(),
            "db.example/Shard/_/a"
        );
        let account = Some(("team".into(), "tidegate-deployer".into()));
        assert_eq!(checked.settings.account, account);
    }
}
