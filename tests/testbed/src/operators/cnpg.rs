//! CloudNativePG: clusters, and what is inside them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cnpg_instances::{self, Instances};
use super::world::{self, Target, World, list, merge, text};
use super::{Progress, Truth, condition};
use crate::Result;

const HEALTHY: &str = "Cluster in healthy state";
const UNKNOWN_PLUGIN: &str =
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required";
/// On a Cluster: the phase that it stays in; on what is inside one: the message of its failure.
const FAIL: &str = "testbed.tidegate.dev/fail";

/// A Cluster: Secrets and Services, then one instance after the other.
pub(super) fn cluster(world: &World, target: &Target<'_>) -> Result<Progress> {
    if target.annotation("cnpg.io/reconciliationLoop") == Some("disabled") {
        return Ok(Progress::Done);
    }
    if let Some(phase) = target.annotation(FAIL) {
        report(world, target, (phase, &Instances::default()))?;
        return Ok(Progress::Done);
    }
    if let Some(plugin) = missing_plugin(world, target)? {
        let phase = json!({"phase": UNKNOWN_PLUGIN, "phaseReason": format!("Unknown plugin: '{plugin}'"),
            "conditions": [condition(Truth::False, "ClusterIsNotReady", "Cluster Is Not Ready")]});
        world.set_status(target, &phase)?;
        return Ok(Progress::Pending);
    }
    write_secrets(world, target)?;
    write_services(world, target)?;
    let instances = cnpg_instances::step(world, target)?;
    report(world, target, (instances.phase, &instances))?;
    if instances.phase == HEALTHY {
        return Ok(Progress::Done);
    }
    world.take_a_step();
    Ok(Progress::Pending)
}

/// A Database: applied when its Cluster is up and its owner is there.
pub(super) fn database(world: &World, target: &Target<'_>) -> Result<Progress> {
    let Some(cluster) = running_cluster(world, target)? else {
        return Ok(Progress::Pending);
    };
    let owner = text(target.object, "/spec/owner");
    if !has_role(world, target, (&cluster, owner))? {
        let message =
            format!("while creating database: role \"{owner}\" does not exist (SQLSTATE 42704)");
        return refuse(world, target, &message);
    }
    apply(world, target)
}

/// A `DatabaseRole`: applied when its Cluster is up and its password is there.
pub(super) fn role(world: &World, target: &Target<'_>) -> Result<Progress> {
    if running_cluster(world, target)?.is_none() {
        return Ok(Progress::Pending);
    }
    let secret = text(target.object, "/spec/passwordSecret/name");
    if !secret.is_empty() && world.find(&target.core("secrets", secret))?.is_none() {
        let message = format!("while fetching the password: secrets \"{secret}\" not found");
        return refuse(world, target, &message);
    }
    apply(world, target)
}

/// A `ScheduledBackup`: looked at, and never due.
pub(super) fn scheduled_backup(world: &World, target: &Target<'_>) -> Result<Progress> {
    if running_cluster(world, target)?.is_none() {
        return Ok(Progress::Pending);
    }
    let status = match target.annotation(FAIL) {
        Some(message) => json!({"error": message}),
        None => json!({"lastCheckTime": world::now()}),
    };
    world.set_status(target, &status)?;
    Ok(Progress::Done)
}

/// A Backup: completed when its Cluster is up.
pub(super) fn backup(world: &World, target: &Target<'_>) -> Result<Progress> {
    if running_cluster(world, target)?.is_none() {
        world.set_status(target, &json!({"phase": "pending"}))?;
        return Ok(Progress::Pending);
    }
    let status = match target.annotation(FAIL) {
        Some(message) => json!({"phase": "failed", "error": message}),
        None => json!({"phase": "completed", "startedAt": world::now(), "stoppedAt": world::now()}),
    };
    if text(target.object, "/status/phase") != text(&status, "/phase") {
        world.set_status(target, &status)?;
    }
    Ok(Progress::Done)
}

/// A Pooler: active when its Cluster is up.
pub(super) fn pooler(world: &World, target: &Target<'_>) -> Result<Progress> {
    if running_cluster(world, target)?.is_none() {
        world.set_status(target, &json!({"phase": "inactive"}))?;
        return Ok(Progress::Pending);
    }
    let (selector, name) = (json!({"cnpg.io/poolerName": target.name()}), target.name());
    world.apply_owned(target, "Service", service(name, &selector))?;
    let instances = target
        .object
        .pointer("/spec/instances")
        .cloned()
        .unwrap_or_else(|| json!(1));
    world.set_status(target, &json!({"phase": "active", "instances": instances}))?;
    Ok(Progress::Done)
}

fn report(world: &World, target: &Target<'_>, state: (&str, &Instances)) -> Result<()> {
    let (phase, instances) = state;
    let conditions = if phase == HEALTHY {
        json!([
            condition(Truth::True, "ClusterIsReady", "Cluster is Ready"),
            archiving(condition(
                Truth::True,
                "ContinuousArchivingSuccess",
                "Continuous archiving is working"
            )),
        ])
    } else {
        json!([condition(
            Truth::False,
            "ClusterIsNotReady",
            "Cluster Is Not Ready"
        )])
    };
    let name = target.name();
    let mut status = json!({
        "phase": phase,
        "instances": instances.names.len(),
        "readyInstances": instances.ready,
        "image": instances.image,
        "writeService": format!("{name}-rw"),
        "readService": format!("{name}-r"),
        "conditions": conditions,
    });
    if instances.ready > 0 {
        let primary = format!("{name}-1");
        merge(
            &mut status,
            &json!({"currentPrimary": primary, "targetPrimary": primary}),
        );
    }
    world.set_status(target, &status)
}

fn archiving(mut condition: Value) -> Value {
    merge(&mut condition, &json!({"type": "ContinuousArchiving"}));
    condition
}

/// The first enabled plugin that no Service offers.
fn missing_plugin(world: &World, target: &Target<'_>) -> Result<Option<String>> {
    for plugin in list(target.object, "/spec/plugins") {
        if plugin.get("enabled") == Some(&Value::Bool(false)) {
            continue;
        }
        let name = text(plugin, "/name");
        let path = format!("/api/v1/services?labelSelector=cnpg.io%2FpluginName%3D{name}");
        if list(&world.client.get(&path)?, "/items").is_empty() {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

/// The Cluster that the target is inside of, once its primary answers.
fn running_cluster(world: &World, target: &Target<'_>) -> Result<Option<Value>> {
    let name = text(target.object, "/spec/cluster/name");
    let cluster = world.find(&target.sibling("clusters", name))?;
    Ok(cluster.filter(|cluster| !text(cluster, "/status/currentPrimary").is_empty()))
}

fn has_role(world: &World, target: &Target<'_>, role: (&Value, &str)) -> Result<bool> {
    let (cluster, name) = role;
    let first = match text(cluster, "/spec/bootstrap/initdb/owner") {
        "" => "app",
        owner => owner,
    };
    let managed = list(cluster, "/spec/managed/roles");
    if name == first || managed.iter().any(|role| text(role, "/name") == name) {
        return Ok(true);
    }
    let path = format!(
        "{}/namespaces/{}/databaseroles",
        target.api,
        target.namespace()
    );
    let roles = world.client.get(&path)?;
    Ok(list(&roles, "/items").iter().any(|role| {
        text(role, "/spec/name") == name
            && role.pointer("/status/applied") == Some(&Value::Bool(true))
    }))
}

fn apply(world: &World, target: &Target<'_>) -> Result<Progress> {
    if let Some(message) = target.annotation(FAIL) {
        return refuse(world, target, message);
    }
    let status = json!({
        "applied": true, "message": "", "observedGeneration": target.generation(),
    });
    world.set_status(target, &status)?;
    Ok(Progress::Done)
}

fn refuse(world: &World, target: &Target<'_>, message: &str) -> Result<Progress> {
    world.set_status(target, &json!({"applied": false, "message": message}))?;
    Ok(Progress::Pending)
}

/// The Secrets that the operator generates, each once.
fn write_secrets(world: &World, target: &Target<'_>) -> Result<()> {
    let name = target.name();
    let initdb = target.object.pointer("/spec/bootstrap/initdb");
    let initdb = initdb.unwrap_or(&Value::Null);
    if text(initdb, "/secret/name").is_empty() {
        write_credentials(world, target, (&format!("{name}-app"), initdb))?;
    }
    if target.object.pointer("/spec/enableSuperuserAccess") == Some(&Value::Bool(true)) {
        let superuser = json!({"owner": "postgres", "database": "*"});
        write_credentials(world, target, (&format!("{name}-superuser"), &superuser))?;
    }
    for suffix in ["ca", "server", "replication"] {
        let secret = format!("{name}-{suffix}");
        if world.find(&target.core("secrets", &secret))?.is_some() {
            continue;
        }
        let identity = world.authority.server(&[&secret])?;
        let data = json!({
            "tls.crt": STANDARD.encode(&identity.certificate),
            "tls.key": STANDARD.encode(&identity.key),
            "ca.crt": STANDARD.encode(world.authority.certificate()),
        });
        let secret =
            json!({"metadata": {"name": secret}, "type": "kubernetes.io/tls", "data": data});
        world.apply_owned(target, "Secret", secret)?;
    }
    Ok(())
}

fn write_credentials(world: &World, target: &Target<'_>, secret: (&str, &Value)) -> Result<()> {
    let (name, initdb) = secret;
    if world.find(&target.core("secrets", name))?.is_some() {
        return Ok(());
    }
    let or_app = |key| match text(initdb, key) {
        "" => "app",
        value => value,
    };
    let (user, database) = (or_app("/owner"), or_app("/database"));
    let (host, password) = (format!("{}-rw", target.name()), world::random(64));
    let address = format!("{host}.{}:5432/{database}", target.namespace());
    let data = json!({
        "username": user,
        "user": user,
        "password": password,
        "dbname": database,
        "host": host,
        "port": "5432",
        "pgpass": format!("{host}:5432:{database}:{user}:{password}\n"),
        "uri": format!("postgresql://{user}:{password}@{address}"),
        "jdbc-uri": format!("jdbc:postgresql://{address}?password={password}&user={user}"),
    });
    let secret = json!({
        "metadata": {"name": name},
        "type": "kubernetes.io/basic-auth",
        "stringData": data,
    });
    world.apply_owned(target, "Secret", secret)
}

fn write_services(world: &World, target: &Target<'_>) -> Result<()> {
    let name = target.name();
    let roles = [
        (
            "rw",
            json!({"cnpg.io/cluster": name, "cnpg.io/instanceRole": "primary"}),
        ),
        (
            "ro",
            json!({"cnpg.io/cluster": name, "cnpg.io/instanceRole": "replica"}),
        ),
        (
            "r",
            json!({"cnpg.io/cluster": name, "cnpg.io/podRole": "instance"}),
        ),
    ];
    for (suffix, selector) in roles {
        world.apply_owned(
            target,
            "Service",
            service(&format!("{name}-{suffix}"), &selector),
        )?;
    }
    Ok(())
}

fn service(name: &str, selector: &Value) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {"selector": selector, "ports": [{"name": "postgres", "port": 5432}]},
    })
}
