//! Which lists of which types merge by key.

use std::collections::HashMap;

/// A type of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TypeId(usize);

impl TypeId {
    /// A type that holds no list that merges.
    pub(crate) const ANY: Self = Self(0);
}

/// What a patch finds at a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// A mapping, or anything that is replaced as a whole.
    Plain(TypeId),
    /// A list that merges: its items' type and keys; without keys, its items are the keys.
    Merging(TypeId, &'a [Box<str>]),
}

/// The types by kind, and their fields.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    names: HashMap<Box<str>, TypeId>,
    kinds: HashMap<(Box<str>, Box<str>), TypeId>,
    types: Vec<HashMap<Box<str>, Field>>,
    /// What other fields of a type are.
    others: HashMap<usize, TypeId>,
}

#[derive(Debug, Clone)]
enum Field {
    Map(TypeId),
    List(TypeId, Vec<Box<str>>),
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            names: HashMap::new(),
            kinds: HashMap::new(),
            types: vec![HashMap::new()],
            others: HashMap::new(),
        }
    }
}

impl Schema {
    /// The type of a kind's objects.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.kinds.get(&(api_version.into(), kind.into())).copied()
    }

    /// What is at a field of a type.
    pub(crate) fn field(&self, of: TypeId, field: &str) -> Shape<'_> {
        match self.types.get(of.0).and_then(|fields| fields.get(field)) {
            Some(Field::Map(target)) => Shape::Plain(*target),
            Some(Field::List(target, keys)) => Shape::Merging(*target, keys),
            None => Shape::Plain(self.others.get(&of.0).copied().unwrap_or(TypeId::ANY)),
        }
    }

    /// Whether a type of that name is known.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        self.names.contains_key(short(name))
    }

    /// The type of a name, which may have no field yet.
    pub(crate) fn named(&mut self, name: &str) -> TypeId {
        let name = short(name);
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let of = self.add_type();
        self.names.insert(name.into(), of);
        of
    }

    /// Forgets the fields of a type.
    pub(crate) fn clear(&mut self, of: TypeId) {
        if let Some(fields) = self.types.get_mut(of.0) {
            fields.clear();
        }
        self.others.remove(&of.0);
    }

    pub(crate) fn add_type(&mut self) -> TypeId {
        self.types.push(HashMap::new());
        TypeId(self.types.len() - 1)
    }

    pub(crate) fn add_kind(&mut self, api_version: &str, kind: &str, of: TypeId) {
        self.kinds.insert((api_version.into(), kind.into()), of);
    }

    pub(crate) fn add_map(&mut self, of: TypeId, field: &str, target: TypeId) {
        self.add(of, field, Field::Map(target));
    }

    pub(crate) fn add_list(&mut self, of: TypeId, list: (&str, TypeId), keys: Vec<Box<str>>) {
        self.add(of, list.0, Field::List(list.1, keys));
    }

    pub(crate) fn add_other(&mut self, of: TypeId, target: TypeId) {
        self.others.insert(of.0, target);
    }

    fn add(&mut self, of: TypeId, name: &str, field: Field) {
        if let Some(fields) = self.types.get_mut(of.0) {
            fields.insert(name.into(), field);
        }
    }
}

/// The name of a type as the built-in table has it.
fn short(name: &str) -> &str {
    name.strip_prefix("io.k8s.").unwrap_or(name)
}
