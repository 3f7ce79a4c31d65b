//! JSON 6902 patches, as Go's evanphx/json-patch applies them: less strict than the RFC.

use serde_json::{Map, Value};

use crate::fault::Step;
use crate::size;

/// One operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    kind: String,
    path: Option<String>,
    from: Option<String>,
    value: Value,
}

/// Reads a patch: a list of operations.
pub(crate) fn read(value: &Value) -> Step<Vec<Operation>> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(operations) => operations.iter().map(Operation::read).collect(),
        _ => Err("a JSON patch must be a list of operations".into()),
    }
}

impl Operation {
    fn read(value: &Value) -> Step<Self> {
        let fields = match value {
            Value::Object(fields) => fields,
            Value::Null => &Map::new(),
            _ => return Err("an operation of a JSON patch must be a mapping".into()),
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            kind: text("op").unwrap_or_else(|| "unknown".to_owned()),
            path: text("path"),
            from: text("from"),
            value: fields.get("value").cloned().unwrap_or(Value::Null),
        })
    }

    fn path(&self) -> Step<&str> {
        let missing = || format!("operation `{}` has no `path`", self.kind).into();
        self.path.as_deref().ok_or_else(missing)
    }

    fn from(&self) -> Step<&str> {
        let missing = || format!("operation `{}` has no `from`", self.kind).into();
        self.from.as_deref().ok_or_else(missing)
    }

    /// Applies the operation.
    pub(crate) fn apply(&self, document: &mut Value) -> Step {
        match self.kind.as_str() {
            "add" => add(document, self.path()?, self.value.clone()),
            "remove" => remove(document, self.path()?).map(drop),
            "replace" => replace(document, self.path()?, self.value.clone()),
            "move" => {
                let from = self.from()?;
                let value = get(document, from)?.unwrap_or(Value::Null);
                remove(document, from)?;
                add(document, self.path()?, value)
            }
            "copy" => {
                let value = get(document, self.from()?)?.unwrap_or(Value::Null);
                add(document, self.path()?, value)?;
                size::check_json(document)
            }
            "test" => self.test(document),
            other => Err(format!(
                "operation `{other}` is unknown; write add, remove, replace, move, copy or test"
            )
            .into()),
        }
    }

    fn test(&self, document: &mut Value) -> Step {
        let path = self.path()?;
        let found = if path.is_empty() {
            Some(document.clone())
        } else {
            get(document, path)?
        };
        if found.unwrap_or(Value::Null) == self.value {
            return Ok(());
        }
        Err(format!("the test of `{path}` failed: the value is another one").into())
    }
}

/// The container of a path's last part, and that part.
fn container<'a>(document: &'a mut Value, path: &str) -> Step<(&'a mut Value, String)> {
    let missing = || format!("path `{path}` does not exist");
    let mut parts = path.split('/').skip(1).map(decode);
    let mut last = parts.next().ok_or_else(missing)?;
    let mut current = document;
    for part in parts {
        current = match current {
            Value::Object(fields) => fields.get_mut(&last),
            Value::Array(items) => {
                let index = index(&last, items.len()).map_err(|_| missing())?;
                items.get_mut(index)
            }
            _ => None,
        }
        .filter(|next| next.is_object() || next.is_array())
        .ok_or_else(missing)?;
        last = part;
    }
    Ok((current, last))
}

fn decode(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// An index of a list; a negative one counts from the end.
fn index(part: &str, count: usize) -> Step<usize> {
    let outside = || format!("index `{part}` is outside of the list");
    let digits = part.strip_prefix('+').unwrap_or(part);
    let number: i64 = digits
        .parse()
        .map_err(|_| format!("`{part}` is no list index"))?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let index = if number < 0 { number + count } else { number };
    Ok(usize::try_from(index).map_err(|_| outside())?)
}

fn outside(path: &str) -> String {
    format!("path `{path}` has an index outside of the list")
}

fn get(document: &mut Value, path: &str) -> Step<Option<Value>> {
    let (container, part) = container(document, path)?;
    match container {
        Value::Object(fields) => Ok(fields.get(&part).cloned()),
        Value::Array(items) => {
            let index = index(&part, items.len())?;
            let item = items.get(index).cloned();
            Ok(Some(item.ok_or_else(|| outside(path))?))
        }
        _ => Ok(None),
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Step {
    let (container, part) = container(document, path)?;
    match container {
        Value::Object(fields) => {
            fields.insert(part, value);
        }
        Value::Array(items) if part == "-" => items.push(value),
        Value::Array(items) => {
            // A negative index counts from behind the new end.
            let index = index(&part, items.len() + 1)?;
            if index > items.len() {
                return Err(outside(path).into());
            }
            items.insert(index, value);
        }
        _ => return Err(format!("path `{path}` does not exist").into()),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Step<Value> {
    let (container, part) = container(document, path)?;
    match container {
        Value::Object(fields) => {
            let missing = || format!("path `{path}` does not exist").into();
            fields.remove(&part).ok_or_else(missing)
        }
        Value::Array(items) => {
            let index = index(&part, items.len())?;
            if index >= items.len() {
                return Err(outside(path).into());
            }
            Ok(items.remove(index))
        }
        _ => Err(format!("path `{path}` does not exist").into()),
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Step {
    if path.is_empty() {
        if !value.is_object() && !value.is_array() {
            return Err("the whole object can only be replaced by a mapping".into());
        }
        *document = value;
        return Ok(());
    }
    let (container, part) = container(document, path)?;
    match container {
        // A missing field is made, as evanphx/json-patch does.
        Value::Object(fields) => {
            fields.insert(part, value);
        }
        Value::Array(items) => {
            let index = index(&part, items.len())?;
            *items.get_mut(index).ok_or_else(|| outside(path))? = value;
        }
        _ => return Err(format!("path `{path}` does not exist").into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn apply(patch: &Value, mut document: Value) -> Result<Value, String> {
        for operation in read(patch).unwrap() {
            if let Err(crate::fault::Fault::Here(reason)) = operation.apply(&mut document) {
                return Err(reason);
            }
        }
        Ok(document)
    }

    #[test]
    fn operations_are_applied_in_order() {
        let check = |patch, expected| {
            let document = json!({"a": {"b": [1, 2]}, "c/d": 1});
            assert_eq!(apply(&patch, document), Ok(expected), "{patch}");
        };
        check(
            json!([{"op": "add", "path": "/a/b/-", "value": 3}, {"op": "remove", "path": "/a/b/0"}]),
            json!({"a": {"b": [2, 3]}, "c/d": 1}),
        );
        check(
            json!([{"op": "move", "from": "/c~1d", "path": "/e"}]),
            json!({"a": {"b": [1, 2]}, "e": 1}),
        );
        check(
            json!([{"op": "replace", "path": "/a/x", "value": null}]),
            json!({"a": {"b": [1, 2], "x": null}, "c/d": 1}),
        );
        check(
            json!([{"op": "add", "path": "/a/b/-1", "value": 3}]),
            json!({"a": {"b": [1, 2, 3]}, "c/d": 1}),
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for patch in [
            json!([{"op": "remove", "path": "/x"}]),
            json!([{"op": "add", "path": "/x/y", "value": 1}]),
            json!([{"op": "add", "path": "/a/b/7", "value": 1}]),
            json!([{"op": "test", "path": "/c~1d", "value": 2}]),
            json!([{"op": "nothing", "path": "/a"}]),
            json!([{"op": "add", "value": 1}]),
            json!([{"op": "replace", "path": "/a/b/2", "value": 1}]),
        ] {
            assert!(
                apply(&patch, json!({"a": {"b": [1, 2]}, "c/d": 1})).is_err(),
                "{patch}"
            );
        }
    }
}
