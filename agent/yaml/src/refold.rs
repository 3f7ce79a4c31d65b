//! What kustomize makes of a folded block (`>`).
//!
//! Before it decodes a node, kustomize prints it with go-yaml v3 and reads it again. Printing a folded
//! block doubles line breaks by looking at the text's first character, where it should look at the next
//! line's. So lines that start with a space or tab get one line break too many before them, or, in a text
//! that itself starts so, lines that do not are joined.

use std::borrow::Cow;

use crate::emit::is_printable;

/// The text of a folded block after kustomize has printed and read it.
pub(crate) fn refolded(text: &str) -> Cow<'_, str> {
    if !is_printed_folded(text) {
        return Cow::Borrowed(text);
    }
    let content = text.trim_start_matches('\n');
    let mut folded = "\n".repeat(text.len() - content.len());
    let doubled = usize::from(!starts_with_blank(content));
    let mut rest = content;
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
        rest = after.trim_start_matches('\n');
        let breaks = after.len() - rest.len();
        let printed = breaks + if starts_with_blank(line) { 0 } else { doubled };
        folded.push_str(line);
        let read = match (rest.is_empty(), breaks) {
            (true, 0 | 1) => breaks,
            (true, _) => printed,
            (false, _) if starts_with_blank(line) || starts_with_blank(rest) => printed,
            (false, _) if printed == 1 => {
                folded.push(' ');
                0
            }
            (false, _) => printed - 1,
        };
        folded.extend(std::iter::repeat_n('\n', read));
    }
    Cow::Owned(folded)
}

/// Texts that a block cannot hold are printed in double quotes, and come back as they were.
fn is_printed_folded(text: &str) -> bool {
    let is_plain = |char| is_printable(char) || char == '\t';
    text.contains('\n')
        && text
            .chars()
            .all(|char| is_plain(char) && !matches!(char, '\u{2028}' | '\u{2029}'))
        && !text.ends_with(' ')
        && !text.contains(" \n")
}

fn starts_with_blank(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}
