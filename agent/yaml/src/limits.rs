//! What a text may cost before it is refused.

/// Bounds on one YAML text. Over a bound, reading fails with the bound's name and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Nested collections.
    pub depth: usize,
    /// Nodes after aliases are expanded.
    pub nodes: usize,
    /// Nodes copied for anchors and aliases: what makes an alias bomb small.
    pub copies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 32 << 20,
            depth: 200,
            nodes: 4_000_000,
            copies: 400_000,
        }
    }
}
