//! The documents of a text.

use crate::characters;
use crate::parser::Parser;
use crate::{Limits, Mark, Node, YamlError};

/// One document of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The value; a plain empty scalar if the document is empty.
    pub root: Node,
}

impl Document {
    /// Whether it holds nothing: no text, comments only, or a null, all of which kustomize skips.
    pub fn is_empty(&self) -> bool {
        self.root.is_null()
    }

    /// Where its value starts.
    pub fn mark(&self) -> Mark {
        self.root.mark
    }
}

/// Reads all documents of a text as go-yaml v3 reads them, which is what kustomize and kubectl use.
///
/// Aliases and merge keys are expanded; comments are dropped; line ends may be Unix or Windows ones,
/// and a byte order mark may come first. Empty documents are kept, see [`Document::is_empty`].
/// Duplicate keys are kept, see [`Node::duplicates`].
///
/// # Errors
/// [`YamlError`] with the first place at which the text is no YAML or passes a limit.
///
/// ```
/// use tidegate_yaml::{Limits, parse_documents};
///
/// let documents = parse_documents("a: &x [1, 0644]\nb: *x\n---\nc: yes\n", &Limits::default())?;
/// assert_eq!(documents[0].root.to_json()?.to_string(), r#"{"a":[1,420],"b":[1,420]}"#);
/// assert_eq!(documents[1].root.to_json()?.to_string(), r#"{"c":"yes"}"#);
/// assert_eq!(documents[1].mark().line, 4);
/// # Ok::<(), tidegate_yaml::YamlError>(())
/// ```
pub fn parse_documents(text: &str, limits: &Limits) -> Result<Vec<Document>, YamlError> {
    check(text, limits)?;
    Parser::new(text, limits).documents()
}

/// Reads the first document of a text, as tools do that decode a text once: what stands behind that
/// document is not looked at, and may be no YAML. `None` if there is no document.
///
/// # Errors
/// As [`parse_documents`].
///
/// ```
/// use tidegate_yaml::{Limits, parse_first_document};
///
/// let document = parse_first_document("a: 1\n---\n[", &Limits::default())?;
/// assert_eq!(document.unwrap().root.to_json()?.to_string(), r#"{"a":1}"#);
/// # Ok::<(), tidegate_yaml::YamlError>(())
/// ```
pub fn parse_first_document(text: &str, limits: &Limits) -> Result<Option<Document>, YamlError> {
    check(text, limits)?;
    Parser::new(text, limits).first()
}

fn check(text: &str, limits: &Limits) -> Result<(), YamlError> {
    if text.len() > limits.bytes {
        return Err(YamlError::Limit {
            mark: Mark { line: 1, column: 1 },
            limit: limits.bytes,
            unit: "bytes",
        });
    }
    characters::check(text)
}
