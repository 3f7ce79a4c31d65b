//! The lines before `---` that start with `%`.

use super::cursor::Cursor;
use super::{property, syntax};
use crate::YamlError;
use crate::token::{Kind, Token};

/// Scans `%YAML 1.1`, `%YAML 1.2` or `%TAG handle prefix`.
pub(super) fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<Token<'a>, YamlError> {
    let mark = cursor.mark();
    let refused = |problem| Err(syntax(mark, problem));
    let kind = if cursor.rest().starts_with("%YAML ") {
        cursor.skip("%YAML ".len());
        cursor.skip_blanks();
        if !["1.1", "1.2"]
            .iter()
            .any(|version| cursor.starts_with_indicator(version))
        {
            return refused(
                "only YAML 1.1 and 1.2 are known; correct the version or remove the line",
            );
        }
        cursor.skip("1.1".len());
        Kind::Version
    } else if cursor.rest().starts_with("%TAG ") {
        cursor.skip("%TAG ".len());
        cursor.skip_blanks();
        let handle = property::handle(cursor);
        let separated = handle.starts_with('!') && handle.ends_with('!') && cursor.is_blank();
        cursor.skip_blanks();
        let prefix = property::uri(cursor)?;
        if !separated || prefix.is_empty() {
            return refused("%TAG must be followed by a handle such as !name! and a prefix");
        }
        Kind::TagDirective { handle, prefix }
    } else {
        return refused(
            "a line that starts with '%' must be a %YAML or %TAG directive; quote or indent the text",
        );
    };
    cursor.skip_blanks();
    if cursor.byte() == b'#' {
        cursor.skip_line_content();
    }
    if !cursor.is_break_or_end() {
        return refused("nothing may follow a directive on its line");
    }
    cursor.skip_break();
    Ok(Token { kind, mark })
}
