//! What kustomize knows of Kubernetes' API, as generated tables that are read when first asked.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::field_spec::{Config, FieldSpec, Missing, NameReference};
use crate::gvk::Gvk;
use crate::schema::{Schema, TypeId};

const FIELDS: &str = include_str!("knowledge/fields.txt");
const SCHEMA: &str = include_str!("knowledge/schema.txt");

/// The kinds that certainly have no namespace.
static CLUSTER_SCOPED: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| {
    let words = SCHEMA.lines().map(|line| line.split('\t'));
    words
        .filter_map(|mut words| {
            (words.next()? == "cluster").then_some((words.next()?, words.next()?))
        })
        .collect()
});
static DEFAULTS: LazyLock<Config> = LazyLock::new(read_fields);
static TYPES: LazyLock<Schema> = LazyLock::new(read_schema);

/// Whether a kind is known to have no namespace; all that is unknown counts as namespaced.
pub(crate) fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&(api_version, kind))
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
    let mut ids: HashMap<&str, TypeId> = HashMap::new();
    let mut current = TypeId::ANY;
    for line in SCHEMA.lines() {
        let mut words = line.split('\t');
        let mut word = || words.next().unwrap_or_default();
        match word() {
            "type" => current = named(&mut schema, &mut ids, word()),
            "kind" => schema.add_kind(word(), word(), current),
            "map" => {
                let field = word();
                let target = named(&mut schema, &mut ids, word());
                schema.add_map(current, field, target);
            }
            "list" => {
                let field = word();
                let target = named(&mut schema, &mut ids, word());
                let keys = word().split(',').filter(|key| !key.is_empty());
                schema.add_list(current, (field, target), keys.map(Into::into).collect());
            }
            _ => {}
        }
    }
    schema
}

fn named<'a>(schema: &mut Schema, ids: &mut HashMap<&'a str, TypeId>, name: &'a str) -> TypeId {
    if name.is_empty() {
        return TypeId::ANY;
    }
    *ids.entry(name).or_insert_with(|| schema.add_type())
}
