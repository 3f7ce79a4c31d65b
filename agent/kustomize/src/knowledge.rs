//! What kustomize knows of Kubernetes' API, as generated tables that are read when first asked.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::field_spec::{Config, FieldSpec, Missing, NameReference};
use crate::gvk::{Gvk, Scope};
use crate::schema::{Schema, TypeId};

const FIELDS: &str = include_str!("knowledge/fields.txt");
const SCHEMA: &str = include_str!("knowledge/schema.txt");

static SCOPES: LazyLock<HashMap<(&str, &str), Scope>> = LazyLock::new(|| {
    let words = SCHEMA.lines().map(|line| line.split('\t'));
    let scope = |mut words: std::str::Split<'static, char>| {
        let scope = match words.next()? {
            "cluster" => Scope::Cluster,
            "namespaced" => Scope::Namespaced,
            _ => return None,
        };
        Some(((words.next()?, words.next()?), scope))
    };
    words.filter_map(scope).collect()
});
static DEFAULTS: LazyLock<Config> = LazyLock::new(read_fields);
static TYPES: LazyLock<Schema> = LazyLock::new(read_schema);

/// Whether a kind has a namespace, if that is known.
pub(crate) fn scope(api_version: &str, kind: &str) -> Option<Scope> {
    SCOPES.get(&(api_version, kind)).copied()
}

/// The fields that transformers reach if no configuration says otherwise.
pub(crate) fn default_config() -> &'static Config {
    &DEFAULTS
}

/// Which lists merge by key.
pub(crate) fn schema() -> &'static Schema {
    &TYPES
}

fn read_fields() -> Config {
    let mut config = Config::default();
    for line in FIELDS.lines() {
        let mut words = line.split('\t');
        let mut word = || words.next().unwrap_or_default();
        let section = word();
        if section == "target" {
            let target = gvk(&mut word);
            config.name_references.push(NameReference {
                target,
                referrers: Vec::new(),
            });
            continue;
        }
        let missing = match word() {
            "create" => Missing::Create,
            _ => Missing::Skip,
        };
        let selector = gvk(&mut word);
        let spec = FieldSpec::new(selector, word(), missing);
        match (section, config.name_references.last_mut()) {
            ("nameReference", Some(target)) => target.referrers.push(spec),
            _ => config.section_mut(section).push(spec),
        }
    }
    config
}

fn gvk<'a>(word: &mut impl FnMut() -> &'a str) -> Gvk {
    Gvk {
        group: word().to_owned(),
        version: word().to_owned(),
        kind: word().to_owned(),
    }
}

fn read_schema() -> Schema {
    let mut schema = Schema::default();
    let mut current = TypeId::ANY;
    for line in SCHEMA.lines() {
        let mut words = line.split('\t');
        let mut word = || words.next().unwrap_or_default();
        match word() {
            "type" => current = named(&mut schema, word()),
            "kind" => schema.add_kind(word(), word(), current),
            "map" => {
                let field = word();
                let target = named(&mut schema, word());
                schema.add_map(current, field, target);
            }
            "list" => {
                let field = word();
                let target = named(&mut schema, word());
                let keys = word().split(',').filter(|key| !key.is_empty());
                schema.add_list(current, (field, target), keys.map(Into::into).collect());
            }
            _ => {}
        }
    }
    schema
}

fn named(schema: &mut Schema, name: &str) -> TypeId {
    if name.is_empty() {
        return TypeId::ANY;
    }
    schema.named(name)
}
