//! The elements of FieldsV1: names of fields, keys of list items, values of sets, places.

use serde_json::{Map, Value};

use super::Fields;

/// One step of a path (`fieldpath/serialize-pe.go` of structured-merge-diff).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Element<'a> {
    /// `.`: the thing itself.
    Itself,
    /// `f:name`: a field of a mapping.
    Field(&'a str),
    /// `k:{…}`: the item of a list with these keys.
    Keys(Map<String, Value>),
    /// `v:…`: the item of a list with this value.
    Value(Value),
    /// `i:3`: the item at a place.
    Index(usize),
}

impl<'a> Element<'a> {
    /// Reads a name in FieldsV1; `None` if it is none.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        if text == "." {
            return Some(Self::Itself);
        }
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest)),
            "k" => serde_json::from_str(rest).ok().map(Self::Keys),
            "v" => serde_json::from_str(rest).ok().map(Self::Value),
            "i" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// Finds what it names in a value, with the place of list items. Lists may hold duplicates.
    pub(super) fn of<'v>(&self, value: &'v Value) -> Vec<(Option<usize>, &'v Value)> {
        let items = || value.as_array().into_iter().flatten().enumerate();
        let found = |fits: &dyn Fn(&Value) -> bool| {
            let found = items().filter(|(_, item)| fits(item));
            found.map(|(index, item)| (Some(index), item)).collect()
        };
        match self {
            Self::Itself => vec![(None, value)],
            Self::Field(name) => value
                .get(name)
                .map(|field| (None, field))
                .into_iter()
                .collect(),
            Self::Keys(keys) => found(&|item| {
                keys.iter()
                    .all(|(key, wanted)| item.get(key) == Some(wanted))
            }),
            Self::Value(wanted) => found(&|item| item == wanted),
            Self::Index(index) => value
                .get(index)
                .map(|item| (Some(*index), item))
                .into_iter()
                .collect(),
        }
    }
}

/// Brings a set to one form; `None` if it holds what nobody knows.
pub(crate) fn canonical(set: &Fields) -> Option<Fields> {
    let entries = set.iter().map(|(name, below)| {
        let name = match Element::parse(name)? {
            // As the API server writes them: sorted, without blanks.
            Element::Keys(keys) => format!("k:{}", sorted(keys)),
            Element::Value(value) => format!("v:{value}"),
            _ => name.clone(),
        };
        Some((name, Value::Object(canonical(below.as_object()?)?)))
    });
    entries.collect()
}

fn sorted(keys: Map<String, Value>) -> Value {
    let mut keys: Vec<_> = keys.into_iter().collect();
    keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    Value::Object(keys.into_iter().collect())
}

/// Adds one set of fields to another.
pub(crate) fn unite(all: &mut Fields, more: &Fields) {
    for (field, below) in more {
        match (all.get_mut(field), below) {
            (Some(Value::Object(known)), Value::Object(below)) => unite(known, below),
            (Some(_), _) => {}
            (None, below) => {
                all.insert(field.clone(), below.clone());
            }
        }
    }
}
