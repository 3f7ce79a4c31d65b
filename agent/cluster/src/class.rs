//! The classes of error answers, as a table.

use serde::Serialize;

/// What an error answer means for whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// No answer, or none that can be read: try again.
    Unreachable,
    /// It passes by itself: try again, after the pause that the server asks for.
    Transient,
    /// An admission webhook does not answer: try again.
    Webhook,
    /// The credentials are not known.
    Unauthorized,
    /// The account may not.
    Forbidden,
    /// An admission webhook or policy said no.
    Denied,
    /// A quota is full.
    Quota,
    /// The namespace is going away.
    Terminating,
    /// The namespace is not there.
    MissingNamespace,
    /// The kind is not served.
    UnknownKind,
    /// The object is not there.
    NotFound,
    /// Other managers own fields of the apply.
    Conflict,
    /// The live object is another one than was meant.
    OtherUid,
    /// A field that cannot change would change.
    Immutable,
    /// The object is invalid.
    Invalid,
}

impl Class {
    /// Tells whether the same request may succeed soon.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unreachable | Self::Transient | Self::Webhook)
    }
}

/// What is known of an error answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub code: u16,
    pub reason: &'a str,
    pub kind: &'a str,
    pub message: &'a str,
    pub causes: &'a [&'a str],
}

/// One row: an answer that fits every given part is of the class. The first row that fits wins.
struct Row {
    codes: &'static [u16],
    /// The reason, or a cause's.
    reason: &'static str,
    kind: &'static str,
    message: &'static str,
    class: Class,
}

const fn row(codes: &'static [u16], message: &'static str, class: Class) -> Row {
    Row {
        codes,
        reason: "",
        kind: "",
        message,
        class,
    }
}

const fn why(codes: &'static [u16], reason: &'static str, class: Class) -> Row {
    Row {
        codes,
        reason,
        kind: "",
        message: "",
        class,
    }
}

const ROWS: &[Row] = &[
    why(&[401], "", Class::Unauthorized),
    row(
        &[400, 403, 409, 422, 500],
        "denied the request",
        Class::Denied,
    ),
    row(&[403, 422], "ValidatingAdmissionPolicy", Class::Denied),
    row(&[403], "violates PodSecurity", Class::Denied),
    row(&[403], "exceeded quota", Class::Quota),
    row(&[403], "must specify", Class::Quota),
    why(&[403, 409], "NamespaceTerminating", Class::Terminating),
    row(&[403], "because it is being terminated", Class::Terminating),
    why(&[403], "", Class::Forbidden),
    Row {
        codes: &[404],
        reason: "",
        kind: "namespaces",
        message: "",
        class: Class::MissingNamespace,
    },
    why(&[404], "NotFound", Class::NotFound),
    why(&[404], "", Class::UnknownKind),
    why(&[409], "FieldManagerConflict", Class::Conflict),
    row(&[409], "UID", Class::OtherUid),
    row(&[409], "uid mismatch", Class::OtherUid),
    why(&[409, 410], "", Class::Transient),
    row(&[422], "field is immutable", Class::Immutable),
    row(&[422], "may not change once set", Class::Immutable),
    row(&[422], "updates to statefulset spec", Class::Immutable),
    row(
        &[500],
        "failed to create typed patch object",
        Class::Invalid,
    ),
    row(&[500], "failed calling webhook", Class::Webhook),
    row(&[500], "conversion webhook", Class::Webhook),
    row(&[500], "request is too large", Class::Invalid),
    why(&[400, 405, 413, 415, 422], "", Class::Invalid),
];

/// Finds the class of an error answer; what no row knows is transient.
pub(crate) fn classify(facts: &Facts<'_>) -> Class {
    let fits = |row: &&Row| {
        row.codes.contains(&facts.code)
            && (row.reason.is_empty()
                || row.reason == facts.reason
                || facts.causes.contains(&row.reason))
            && (row.kind.is_empty() || row.kind == facts.kind)
            && (row.message.is_empty() || facts.message.contains(row.message))
    };
    ROWS.iter()
        .find(fits)
        .map_or(Class::Transient, |row| row.class)
}
