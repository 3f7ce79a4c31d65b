//! Comments and the tokens that they belong to, by the rules of go-yaml v3's scanner.

/// A place in a text: in bytes, and as line and column from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A comment until a token takes it.
#[derive(Debug, Clone, Default)]
pub(super) struct Comment {
    /// Where the scan began that found it.
    scan: usize,
    /// The token that takes it is the first one at or behind this.
    pub(super) token: usize,
    start: At,
    end: usize,
    pub(super) head: String,
    pub(super) line: String,
    pub(super) foot: String,
}

/// What is known of the tokens before a comment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// Where the last one starts, commas aside.
    pub(super) token: usize,
    pub(super) is_value: bool,
    /// Whether the last ones open a sequence.
    pub(super) opens_sequence: bool,
    /// The column of the innermost block.
    pub(super) indent: usize,
    pub(super) in_flow: bool,
}

/// Walks over what stands between tokens, and collects the comments.
#[derive(Debug)]
pub(super) struct Comments<'a> {
    text: &'a str,
    pub(super) at: At,
    /// Line breaks since the last character that was no blank.
    newlines: usize,
    pub(super) found: Vec<Comment>,
}

/// Longer runs of blanks hide what follows.
const LOOKAHEAD: usize = 512;

impl<'a> Comments<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let start = text.len() - text.trim_start_matches('\u{feff}').len();
        Self {
            text,
            at: At {
                index: start,
                ..At::default()
            },
            newlines: 0,
            found: Vec::new(),
        }
    }

    fn byte(&self, ahead: usize) -> u8 {
        let bytes = self.text.as_bytes();
        bytes.get(self.at.index + ahead).copied().unwrap_or(0)
    }

    /// Moves to where a token ended.
    pub(super) fn go_to(&mut self, at: At) {
        let before = self.text.get(..at.index).unwrap_or_default();
        let blank = before.trim_end_matches([' ', '\t', '\n', '\r']);
        let passed = before.get(blank.len()..).unwrap_or_default();
        self.newlines = passed.matches('\n').count();
        self.at = at;
    }

    /// Moves to the next token.
    pub(super) fn skip_to_token(&mut self, before: &Before) {
        let scan = self.at;
        loop {
            while matches!(self.byte(0), b' ' | b'\t') {
                self.skip();
            }
            if before.opens_sequence && !self.is_break(0) {
                self.raise_line_comment();
            }
            if self.byte(0) == b'#' {
                self.scan(scan, before);
            }
            if !self.is_break(0) {
                return;
            }
            self.skip_break();
        }
    }

    /// A comment behind `- ` that looks like one above what follows becomes that.
    fn raise_line_comment(&mut self) {
        let (at, Some(comment)) = (self.at, self.found.last_mut()) else {
            return;
        };
        if comment.line.is_empty() {
            return;
        }
        comment.head = std::mem::take(&mut comment.line);
        if comment.start.line + 1 == at.line {
            comment.token = at.index;
        }
    }

    /// Reads the comment behind a token, if there is one on its line.
    pub(super) fn line_comment(&mut self, token: usize) {
        if self.newlines > 0 {
            return;
        }
        let mut peek = 0;
        while peek < LOOKAHEAD && matches!(self.byte(peek), b' ' | b'\t') {
            peek += 1;
        }
        if peek == LOOKAHEAD || self.byte(peek) != b'#' {
            return;
        }
        for _ in 0..peek {
            self.skip();
        }
        let start = self.at;
        let line = self.read_line();
        self.found.push(Comment {
            token,
            start,
            line,
            ..Comment::default()
        });
    }

    /// Reads lines of comments; those that a blank line or a lesser indentation divides are several.
    fn scan(&mut self, scan: At, before: &Before) {
        let mut block = Block::new(scan.index, before.token);
        let foot_line = self.foot_line(scan);
        let (mut after_empty, mut first_empty) = (false, self.newlines <= 1);
        let (mut line, mut column, mut peek) = (self.at.line, self.at.column, 0);
        while peek < LOOKAHEAD {
            column += 1;
            let byte = self.byte(peek);
            let here = At {
                index: self.at.index + peek,
                line,
                column,
            };
            let is_break = self.is_break(peek);
            let closes = before.in_flow && matches!(byte, b']' | b'}');
            if matches!(byte, b' ' | b'\t') {
            } else if closes || byte == 0 || is_break {
                let follows = Some(block.start.line) == foot_line && !before.is_value;
                let is_dedented = block.start.column < before.indent + 1;
                if closes || !after_empty && first_empty && (follows || is_dedented) {
                    let token = if is_dedented {
                        block.start.index
                    } else {
                        block.token
                    };
                    block.end_as_foot(here, token, &mut self.found);
                } else if !after_empty && !block.text.is_empty() && byte != 0 {
                    block.text.push('\n');
                }
                if !is_break {
                    break;
                }
                (first_empty, after_empty) = (false, true);
                (column, line) = (0, line + 1);
            } else {
                if column < before.indent + 1 && column != block.start.column {
                    block.end_as_foot(here, block.token, &mut self.found);
                }
                if byte != b'#' {
                    break;
                }
                block.start_line(here);
                after_empty = false;
                self.skip_ahead(peek);
                block.text.push_str(&self.read_line());
                // What ends the comment's line is not looked at.
                (line, column, peek) = (self.at.line, 0, 0);
            }
            peek += 1;
        }
        let end = (self.at.index + peek).saturating_sub(1);
        block.end_as_head(end, &mut self.found);
    }

    /// The line where a comment must start to belong to what stands before it.
    fn foot_line(&self, scan: At) -> Option<usize> {
        if scan.line == 0 {
            return None;
        }
        let line = (self.at.line + 1).checked_sub(self.newlines)?;
        let is_behind = self.newlines == 0 && self.at.column > 1;
        Some(line + usize::from(is_behind))
    }

    /// Moves over blanks and line breaks.
    fn skip_ahead(&mut self, count: usize) {
        let end = self.at.index + count;
        while self.at.index < end {
            if self.is_break(0) {
                self.skip_break();
            } else {
                self.skip();
            }
        }
    }

    fn read_line(&mut self) -> String {
        let rest = self.text.get(self.at.index..).unwrap_or_default();
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        self.at.index += end;
        self.at.column += line.chars().count();
        self.newlines = 0;
        line.to_owned()
    }

    fn is_break(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b'\n' | b'\r')
    }

    fn skip(&mut self) {
        self.at.index += 1;
        self.at.column += 1;
    }

    fn skip_break(&mut self) {
        self.at.index += if self.byte(0) == b'\r' && self.byte(1) == b'\n' {
            2
        } else {
            1
        };
        self.at.line += 1;
        self.at.column = 0;
        self.newlines += 1;
    }

    /// Where a block ends for the comments behind it: before those that stand at its own column.
    pub(super) fn end_of_block(&self, mut end: usize, indent: usize) -> usize {
        let mut stop = end;
        for comment in self.found.iter().rev() {
            if comment.end < stop {
                break;
            }
            if comment.start.column == indent + 1 {
                end = comment.start.index;
            }
            stop = comment.scan;
        }
        end
    }
}

/// Lines of comments that belong together.
struct Block {
    scan: usize,
    token: usize,
    start: At,
    text: String,
}

impl Block {
    fn new(scan: usize, token: usize) -> Self {
        Self {
            scan,
            token,
            start: At::default(),
            text: String::new(),
        }
    }

    fn start_line(&mut self, here: At) {
        if self.text.is_empty() {
            self.start = here;
        } else {
            self.text.push('\n');
        }
    }

    /// Ends it as one that stands below the token that takes it.
    fn end_as_foot(&mut self, here: At, token: usize, found: &mut Vec<Comment>) {
        if self.text.is_empty() {
            return;
        }
        found.push(Comment {
            scan: self.scan,
            token,
            start: self.start,
            end: here.index,
            foot: std::mem::take(&mut self.text),
            ..Comment::default()
        });
        (self.scan, self.token) = (here.index, here.index);
    }

    /// Ends it as one that belongs to what stands behind it.
    fn end_as_head(self, end: usize, found: &mut Vec<Comment>) {
        if self.text.is_empty() {
            return;
        }
        found.push(Comment {
            scan: self.scan,
            token: self.start.index,
            start: self.start,
            end,
            head: self.text,
            ..Comment::default()
        });
    }
}
