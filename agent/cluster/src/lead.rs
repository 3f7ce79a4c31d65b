//! Who leads, as the Lease says.

/// Who leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Lead {
    /// Nobody, as far as is known.
    #[default]
    Unknown,
    /// This process.
    Ours,
    /// Another process, with what it says of where its API is; `None` if it does not say.
    Theirs(Option<String>),
}
