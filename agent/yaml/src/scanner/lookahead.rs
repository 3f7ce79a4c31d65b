//! A look at the tokens that no one has taken yet, for readers that take none.

use super::Scanner;
use crate::YamlError;
use crate::token::{Kind, Token};

impl<'a> Scanner<'a> {
    /// Whether a token and some behind it are known, and it can become no key any more.
    pub(crate) fn is_known(&mut self, number: usize, ahead: usize) -> Result<bool, YamlError> {
        if self.ended {
            return Ok(true);
        }
        if number + ahead >= self.tokens.len() {
            return Ok(false);
        }
        for level in 0..self.possible_keys.len() {
            let key = self.possible_keys.get(level).copied().flatten();
            let is_next = key.is_some_and(|key| key.token == number);
            if is_next && self.valid_key(level)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A token by its number.
    pub(crate) fn token(&self, number: usize) -> Option<&Token<'a>> {
        self.tokens.get(number)
    }

    /// A token counted from the last one.
    pub(crate) fn last(&self, before: usize) -> Option<&Token<'a>> {
        self.tokens.iter().rev().nth(before)
    }

    /// The columns of the blocks that are open, the innermost first.
    pub(crate) fn indents(&self) -> Vec<usize> {
        let open = self.indents.iter().rev().copied();
        let all = std::iter::once(self.indent).chain(open);
        all.map_while(|indent| indent)
            .filter_map(|indent| usize::try_from(indent).ok())
            .collect()
    }

    /// How many tokens there are.
    pub(crate) fn count(&self) -> usize {
        self.tokens.len()
    }

    /// How many of the tokens from a number on end a block.
    pub(crate) fn ends_from(&self, number: usize) -> usize {
        let tokens = self.tokens.iter().skip(number);
        tokens.filter(|token| token.kind == Kind::BlockEnd).count()
    }

    pub(crate) fn is_in_flow(&self) -> bool {
        self.in_flow()
    }

    /// Where the last token ends, in bytes.
    pub(crate) fn position(&self) -> usize {
        self.cursor.position
    }
}
