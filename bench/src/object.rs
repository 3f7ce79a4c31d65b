//! The objects that are rendered and applied: the mix of kinds of an ordinary cluster, a kibibyte each.

use serde_json::{Value, json};

/// A kind of the mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ConfigMap,
    Secret,
    Service,
    ServiceAccount,
    Deployment,
    CronJob,
}

use Kind::{ConfigMap, CronJob, Deployment, Secret, Service, ServiceAccount};

/// The kinds, and how many of a hundred objects are of them.
const MIX: [(Kind, usize); 6] = [
    (ConfigMap, 60),
    (Secret, 15),
    (Service, 10),
    (ServiceAccount, 10),
    (Deployment, 4),
    (CronJob, 1),
];
/// The image of every container.
pub(crate) const IMAGE: &str = "registry.example/app";
/// Coprime to a hundred, so that a layer of twenty objects is mixed as well.
const STRIDE: usize = 37;

/// One object of the mix, and its place in it.
pub(crate) struct Sample {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) value: Value,
}

impl Sample {
    /// The path of the object in the API.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let (group, plural) = self.kind.resource();
        let name = &self.name;
        format!("{group}/namespaces/{namespace}/{plural}/{name}")
    }

    /// Puts the object into a namespace.
    pub(crate) fn place(&mut self, namespace: &str) {
        if let Some(Value::Object(metadata)) = self.value.get_mut("metadata") {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }

    /// Changes a ConfigMap; other kinds stay as they are.
    pub(crate) fn revise(&mut self, revision: &str) {
        if let (ConfigMap, Some(Value::Object(data))) = (self.kind, self.value.get_mut("data")) {
            data.insert("revision".to_owned(), revision.into());
        }
    }
}

impl Kind {
    /// The prefix of the object's path, and the plural name.
    fn resource(self) -> (&'static str, &'static str) {
        match self {
            ConfigMap => ("/api/v1", "configmaps"),
            Secret => ("/api/v1", "secrets"),
            Service => ("/api/v1", "services"),
            ServiceAccount => ("/api/v1", "serviceaccounts"),
            Deployment => ("/apis/apps/v1", "deployments"),
            CronJob => ("/apis/batch/v1", "cronjobs"),
        }
    }

    fn api_version(self) -> &'static str {
        let (group, _) = self.resource();
        let version = group.strip_prefix("/apis/");
        version.unwrap_or("v1")
    }

    /// The kind of an object.
    pub(crate) fn of(index: usize) -> Self {
        let mut slot = index * STRIDE % 100;
        for (kind, count) in MIX {
            if slot < count {
                return kind;
            }
            slot -= count;
        }
        ConfigMap
    }

    /// The first object of the kind in the hundred that an object is in.
    pub(crate) fn first(self, index: usize) -> usize {
        let start = index - index % 100;
        let mut hundred = start..start + 100;
        hundred
            .find(|&index| Self::of(index) == self)
            .unwrap_or(start)
    }
}

/// The name of an object.
pub(crate) fn name(index: usize) -> String {
    let kind = format!("{:?}", Kind::of(index)).to_lowercase();
    format!("{kind}-{index}")
}

/// The first objects of the mix, without a namespace.
pub(crate) fn samples(count: usize) -> impl Iterator<Item = Sample> {
    (0..count).map(sample)
}

/// One object.
pub(crate) fn sample(index: usize) -> Sample {
    let kind = Kind::of(index);
    let name = name(index);
    let app = self::name(Deployment.first(index));
    let mut value = json!({
        "apiVersion": kind.api_version(),
        "kind": format!("{kind:?}"),
        "metadata": {"name": name, "labels": {"app": app, "part-of": "bench"}},
    });
    let more = match kind {
        ConfigMap => json!({"data": config_map(index)}),
        Secret => {
            json!({"type": "Opaque", "data": {"password": "c2VjcmV0", "key": "a2V5".repeat(200)}})
        }
        Service => json!({"spec": {
            "selector": {"app": app},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}],
        }}),
        ServiceAccount => json!({"automountServiceAccountToken": false}),
        Deployment => json!({"spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod(index)},
        }}),
        CronJob => {
            let mut pod = pod(index);
            if let Some(fields) = pod.as_object_mut() {
                fields.insert("restartPolicy".to_owned(), "Never".into());
            }
            json!({"spec": {
                "schedule": "0 4 1 1 *",
                "jobTemplate": {"spec": {"template": {"spec": pod}}},
            }})
        }
    };
    merge(&mut value, more);
    Sample { kind, name, value }
}

fn config_map(index: usize) -> Value {
    let lines: Vec<String> = (0..24)
        .map(|line| format!("option.{line}.of.{index} = value number {line}"))
        .collect();
    json!({"host": format!("host-{index}.example"), "revision": "0", "app.conf": lines.join("\n") + "\n"})
}

fn pod(index: usize) -> Value {
    let of = |kind: Kind| name(kind.first(index));
    json!({
        "serviceAccountName": of(ServiceAccount),
        "containers": [{
            "name": "app",
            "image": format!("{IMAGE}:1.0"),
            "env": [
                {"name": "HOST", "value": "unset"},
                {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": of(Secret), "key": "password"}}},
            ],
            "envFrom": [{"configMapRef": {"name": of(ConfigMap)}}],
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        }],
    })
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (value, more) {
        fields.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_and_a_hundred_objects_are_mixed() {
        let count = |total: usize, kind: Kind| {
            let kinds = (0..total).map(Kind::of);
            kinds.filter(|found| *found == kind).count()
        };
        assert_eq!(
            MIX.map(|(kind, _)| count(100, kind)),
            MIX.map(|(_, share)| share)
        );
        assert_eq!(MIX.map(|(kind, _)| count(20, kind)), [13, 3, 1, 2, 1, 0]);
    }

    #[test]
    fn references_stay_within_twenty_objects() {
        for kind in [ConfigMap, Secret, Service, ServiceAccount, Deployment] {
            assert!(kind.first(0) < 20, "{kind:?}");
            assert_eq!(Kind::of(kind.first(234)), kind);
        }
    }
}
