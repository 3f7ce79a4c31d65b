//! Documents in all spellings that YAML has: block and flow, quotes, anchors, tags, comments, breaks.

use super::random::Random;

const WORDS: [&str; 24] = [
    "a",
    "b",
    "key",
    "word",
    "two words",
    "x:y",
    "a#b",
    "1",
    "0644",
    "true",
    "null",
    "~",
    "1.5",
    "http://x.io/y?z=1",
    "-x",
    "ünï",
    "a, b",
    "it's",
    "say \"so\"",
    "x]",
    "?x",
    "<<x",
    "2020-01-01",
    "😀",
];

/// One or more documents.
pub(crate) fn document(random: &Random) -> String {
    let mut writer = Writer {
        random,
        text: String::new(),
        anchors: 0,
    };
    writer.header();
    writer.block_mapping(0, 3);
    if writer.random.one_in(6) {
        writer.text.push_str(writer.random.pick(&[
            "---\n",
            "--- # again\n",
            "...\n---\n",
            "---\n---\n",
        ]));
        writer.block_mapping(0, 2);
    }
    let text = writer.text;
    match random.below(12) {
        0 => text.replace('\n', "\r\n"),
        1 => format!("\u{feff}{text}"),
        2 => text.trim_end_matches('\n').to_owned(),
        _ => text,
    }
}

/// A few characters removed, doubled or replaced.
pub(crate) fn damage(random: &Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(chars.len() + 1);
        let new = random.pick(&[
            ' ', '\n', ':', '-', '#', '"', '\'', '{', '}', '[', ']', ',', '&', '*', '!', '|', '>',
            '?', '%', 'x',
        ]);
        match random.below(3) {
            0 if at < chars.len() => drop(chars.remove(at)),
            1 if at < chars.len() => chars[at] = new,
            _ => chars.insert(at, new),
        }
    }
    chars.into_iter().collect()
}

struct Writer<'a> {
    random: &'a Random,
    text: String,
    anchors: usize,
}

impl Writer<'_> {
    fn header(&mut self) {
        let header = self
            .random
            .pick(&["", "", "", "# comment\n", "---\n", "\n\n", "# c\n---\n"]);
        self.text.push_str(header);
    }

    fn block_mapping(&mut self, indent: usize, depth: usize) {
        let step = 1 + self.random.below(4);
        self.merge(indent);
        for index in 0..=self.random.below(4) {
            self.indent(indent);
            self.key(index);
            self.block_value(indent, step, depth);
        }
    }

    /// Perhaps a merge key, of one mapping or several.
    fn merge(&mut self, indent: usize) {
        if self.anchors == 0 || !self.random.one_in(3) {
            return;
        }
        self.indent(indent);
        let alias = || format!("*a{}", self.random.below(self.anchors));
        let (first, second) = (alias(), alias());
        match self.random.below(3) {
            0 => self.push(&format!("<<: [{first}, {second}]\n")),
            1 => self.push(&format!("<<: [{{k0: inline}}, {first}]\n")),
            _ => self.push(&format!("<<: {first}\n")),
        }
    }

    fn key(&mut self, index: usize) {
        match self.random.below(9) {
            0 => self.push(&format!("\"k{index}\":")),
            1 => self.push(&format!("'k{index}' :")),
            2 => self.push(&format!("? k{index}\n")),
            3 => self.push(&format!("k {index}:")),
            _ => self.push(&format!("k{index}:")),
        }
        if self.text.ends_with('\n') {
            let indent = self.last_indent();
            self.indent(indent);
            self.push(":");
        }
    }

    fn last_indent(&self) -> usize {
        let line = self
            .text
            .trim_end_matches('\n')
            .rsplit('\n')
            .next()
            .unwrap();
        line.find(|char| char != ' ' && char != '-').unwrap_or(0)
    }

    fn block_value(&mut self, indent: usize, step: usize, depth: usize) {
        if depth == 0 || self.random.one_in(2) {
            self.push(" ");
            return self.inline(indent, 2);
        }
        // After an anchor, kustomize would take a comment into the next text.
        if self.properties() {
            self.push("\n");
        } else {
            self.line_end();
        }
        match self.random.below(3) {
            0 => self.block_sequence(indent, depth - 1),
            1 => self.block_sequence(indent + step, depth - 1),
            _ => self.block_mapping(indent + step, depth - 1),
        }
    }

    fn block_sequence(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.random.below(3) {
            self.indent(indent);
            self.push("-");
            if depth > 0 && self.random.one_in(3) {
                let spaces = 1 + self.random.below(3);
                self.indent(spaces);
                self.nested_item(indent + 1 + spaces, depth);
            } else {
                self.push(" ");
                self.inline(indent, 2);
            }
        }
    }

    fn nested_item(&mut self, indent: usize, depth: usize) {
        self.push("k:");
        self.block_value(indent, 2, depth - 1);
        self.indent(indent);
        self.push("l:");
        self.block_value(indent, 2, depth - 1);
    }

    /// A value on the rest of the line, or a block scalar.
    fn inline(&mut self, indent: usize, depth: usize) {
        match self.random.below(12) {
            0 => self.literal(indent),
            1 => self.flow(depth),
            2 => self.folded_plain(indent),
            3 => self.folded_quotes(indent),
            4 if self.anchors > 0 => {
                let anchor = self.random.below(self.anchors);
                self.push(&format!("*a{anchor}"));
            }
            5 => {}
            _ => {
                self.properties();
                self.scalar();
            }
        }
        if !self.text.ends_with('\n') {
            self.line_end();
        }
    }

    /// Perhaps an anchor.
    fn properties(&mut self) -> bool {
        let has_anchor = self.random.one_in(6);
        if has_anchor {
            let anchor = self.anchors;
            self.push(&format!(" &a{anchor} "));
            self.anchors += 1;
        }
        has_anchor
    }

    fn scalar(&mut self) {
        let word = self.random.pick(&WORDS);
        match self.random.below(5) {
            0 => self.push(&format!("'{}'", word.replace('\'', "''"))),
            1 => self.push(&format!("{word:?}")),
            2 => self.push("\"\\u00e9\\x41\\n\\t\\\\ \\e\\0\\_\""),
            3 => self.push("!!str 12"),
            _ => self.push(word),
        }
    }

    fn literal(&mut self, indent: usize) {
        const LINES: [&str; 9] = [
            "one",
            "two words",
            "",
            "",
            "  more",
            "#no comment",
            "tail ",
            "\ttab",
            "a: b",
        ];
        let explicit = self.random.one_in(3);
        let style = self.random.pick(&["|", "|", ">"]);
        let chomping = self.random.pick(&["", "-", "+"]);
        let own = 1 + self.random.below(3);
        let hint = if explicit {
            own.to_string()
        } else {
            String::new()
        };
        self.push(&format!("{style}{hint}{chomping}"));
        self.line_end();
        for index in 0..=self.random.below(6) {
            let line = self.random.pick(&LINES);
            // Kustomize cannot read what it prints for a block that starts with a tab.
            let fits = index > 0 || explicit && !line.starts_with('\t');
            let line = if fits { line } else { "first" };
            if !line.is_empty() || self.random.one_in(4) {
                self.indent(indent + own);
            }
            self.push(line);
            self.push("\n");
        }
    }

    fn flow(&mut self, depth: usize) {
        let (open, close) = self.random.pick(&[("[", "]"), ("{", "}")]);
        self.push(open);
        for index in 0..self.random.below(4) {
            if index > 0 {
                self.push(self.random.pick(&[", ", ",", " , "]));
            }
            if open == "{" {
                self.push(&format!(
                    "f{index}{}",
                    self.random.pick(&[": ", " : ", ": "])
                ));
            }
            match self.random.below(6) {
                0 if depth > 0 => self.flow(depth - 1),
                1 => self.push("\"q\""),
                2 => self.push("'s s'"),
                _ => self.push(
                    self.random
                        .pick(&["a", "1", "b c", "null", "x#y", "0x1f", "h:1"]),
                ),
            }
        }
        self.push(close);
    }

    fn folded_plain(&mut self, indent: usize) {
        self.push("start of");
        for _ in 0..=self.random.below(3) {
            self.push(self.random.pick(&["\n", " \n", "\n\n"]));
            self.indent(indent + 1 + self.random.below(3));
            self.push(self.random.pick(&["next", "and more", "x - y", "5"]));
        }
    }

    fn folded_quotes(&mut self, indent: usize) {
        let quote = self.random.pick(&["'", "\""]);
        self.push(quote);
        for _ in 0..=self.random.below(3) {
            self.push(self.random.pick(&["some ", "text", "", "# x", "a: b"]));
            self.push(self.random.pick(&["\n", " \n", "\n\n", "\n \n"]));
            self.indent(indent + 1 + self.random.below(3));
        }
        self.push("end");
        self.push(quote);
    }

    fn line_end(&mut self) {
        let end = self
            .random
            .pick(&["\n", "\n", "\n", "\n", " # comment\n", "  \n"]);
        self.push(end);
    }

    fn indent(&mut self, count: usize) {
        self.push(&" ".repeat(count));
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }
}
