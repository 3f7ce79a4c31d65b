//! What a layer says about its own plan.

use tidegate_object::ObjectId;

use crate::Rule;

/// What a layer says about its own plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    /// Reference rules besides the built-in ones.
    pub rules: &'a [Rule],
    /// What comes from elsewhere. It gates what refers to it; if nothing does, the whole layer.
    pub requires: &'a [Required],
}

/// An object from elsewhere that a layer needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    /// The object.
    pub id: ObjectId,
    /// Whether it must be healthy, or just be there.
    pub ready: bool,
}
