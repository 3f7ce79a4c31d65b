//! Replacements inside of YAML texts: comments, anchors, tags and styles stay as go-yaml keeps them.

use std::fmt::Write as _;

use crate::oracle::{difference, ours, theirs};
use crate::random::Random;
use crate::tree::MemoryTree;

/// Texts of a test run; `TIDEGATE_CASES` asks for more, `TIDEGATE_SEED` for others.
const TEXTS: u64 = 40;
const SCALARS: [&str; 16] = [
    "1",
    "'a b'",
    "\"q\"",
    "text",
    "yes",
    "~",
    "",
    "!!str 5",
    "!t x",
    "&a v",
    "*x",
    "[a, b]",
    "{k: v}",
    "[]",
    "|\n§  one\n§   two",
    "2020-01-01",
];
const COMMENTS: [&str; 6] = ["# one", "#two", "# a: b", "#", "# x # y", "## z"];
const PATHS: [&str; 12] = [
    "k0",
    "k1",
    "k0.k1",
    "k1.k0",
    "k2.k0",
    "k0.0",
    "k1.0",
    "k0.[k0=1]",
    "k1.*",
    "k1.*.k0",
    "k0.k0.k0",
    "new.x",
];

struct Writer {
    random: Random,
    text: String,
}

impl Writer {
    fn comment(&mut self) -> &'static str {
        self.random.pick::<&str>(&COMMENTS)
    }

    /// Lines between two entries: comments at some column, and blank lines.
    fn between(&mut self, indent: usize) {
        while self.random.chance(25) {
            let column = if self.random.chance(75) {
                indent
            } else {
                self.random.below(indent + 3)
            };
            let comment = self.comment();
            let _ = writeln!(self.text, "{}{comment}", " ".repeat(column));
            if self.random.chance(40) {
                self.text.push('\n');
            }
        }
        if self.random.chance(10) {
            self.text.push('\n');
        }
    }

    fn end_line(&mut self) {
        if self.random.chance(30) {
            let comment = self.comment();
            let _ = write!(self.text, "  {comment}");
        }
        self.text.push('\n');
    }

    fn scalar(&mut self, indent: usize) {
        let scalar = *self.random.pick(&SCALARS);
        let (first, rest) = scalar.split_once('\n').unwrap_or((scalar, ""));
        let _ = write!(self.text, " {first}");
        self.end_line();
        if !rest.is_empty() {
            let rest = rest.replace('§', &" ".repeat(indent));
            let _ = writeln!(self.text, "{rest}");
        }
    }

    /// What a key or a `-` holds.
    fn value(&mut self, indent: usize, depth: usize) {
        match self.random.below(if depth == 0 { 3 } else { 7 }) {
            0..=2 => self.scalar(indent),
            3 => self.flow(indent),
            4 | 5 => {
                self.properties();
                self.end_line();
                self.mapping(indent + 2, depth - 1);
            }
            _ => {
                self.properties();
                self.end_line();
                let extra = 2 * self.random.below(2);
                self.sequence(indent + extra, depth - 1);
            }
        }
    }

    fn properties(&mut self) {
        if self.random.chance(15) {
            self.text
                .push_str(self.random.pick::<&str>(&[" &b", " !m", " &c !!map"]));
        }
    }

    /// Brackets over several lines.
    fn flow(&mut self, indent: usize) {
        let (open, close, items) = *self.random.pick(&[
            ("[", "]", ["a", "'b'", "{c: d}"]),
            ("{", "}", ["a: 1", "b: 'x'", "c: [1, 2]"]),
        ]);
        let _ = write!(self.text, " {open}");
        for item in items {
            if self.random.chance(40) {
                self.end_line();
                self.between(indent + 2);
                self.text.push_str(&" ".repeat(indent + 2));
            }
            let _ = write!(self.text, "{item}, ");
        }
        if self.random.chance(40) {
            self.end_line();
            self.text.push_str(&" ".repeat(indent + 2));
        }
        self.text.push_str(close);
        self.end_line();
    }

    fn mapping(&mut self, indent: usize, depth: usize) {
        for index in 0..=self.random.below(3) {
            self.between(indent);
            let _ = write!(self.text, "{}k{index}:", " ".repeat(indent));
            self.value(indent, depth);
        }
        self.between(indent);
    }

    fn sequence(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.random.below(3) {
            self.between(indent);
            let _ = write!(self.text, "{}-", " ".repeat(indent));
            if depth > 0 && self.random.chance(40) {
                let _ = write!(self.text, " k0:");
                self.value(indent + 2, depth - 1);
                if self.random.chance(50) {
                    self.between(indent + 2);
                    let _ = write!(self.text, "{}k1:", " ".repeat(indent + 2));
                    self.value(indent + 2, depth - 1);
                }
            } else {
                self.scalar(indent);
            }
        }
    }
}

/// A text in which a few fields exist.
fn text(seed: u64) -> String {
    let mut writer = Writer {
        random: Random::new(seed),
        text: String::new(),
    };
    if writer.random.chance(30) {
        writer.between(0);
    }
    writer.text.push_str("x: &x 1\n");
    writer.mapping(0, 3);
    writer.text
}

fn tree(text: &str, path: &str, options: &str) -> MemoryTree {
    let data = serde_json::json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"t": text},
    });
    let kustomization = format!(
        "resources: [a.yaml]\nreplacements:\n- sourceValue: new\n  targets:\n  - select: {{kind: ConfigMap}}\n    \
         fieldPaths: [\"data.t.{path}\"]\n    options: {options}\n"
    );
    MemoryTree::new(&[
        ("kustomization.yaml", &kustomization),
        ("a.yaml", &data.to_string()),
    ])
}

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn texts_keep_what_go_yaml_keeps_of_them() {
    let (count, first) = (number("TIDEGATE_CASES", TEXTS), number("TIDEGATE_SEED", 1));
    let (mut replaced, mut problems) = (0, Vec::new());
    for seed in first..first + count {
        let text = text(seed);
        let mut random = Random::new(seed);
        for options in ["{}", "{create: true}"] {
            let path = *random.pick(&PATHS);
            let tree = tree(&text, path, options);
            let theirs = theirs(&tree, "");
            replaced += usize::from(theirs.is_ok());
            let difference = difference(&ours(&tree, ""), &theirs);
            problems.extend(
                difference.map(|found| format!("seed {seed}, {path} {options}:\n{found}\n{text}")),
            );
        }
    }
    let mismatches = problems.len();
    println!(
        "structured texts: {count} from seed {first}, {replaced} replacements, {mismatches} mismatches"
    );
    problems.truncate(6);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
