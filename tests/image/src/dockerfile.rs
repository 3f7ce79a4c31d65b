//! The Dockerfile as stages of instructions.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// One instruction, its continued lines joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// `RUN`, `COPY`, …
    pub(crate) word: String,
    /// What stands behind the word.
    pub(crate) text: String,
    /// Where it begins, from 1.
    pub(crate) line: usize,
}

/// What stands between one `FROM` and the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// The image that it begins with.
    pub(crate) base: String,
    /// Its name for `COPY --from`.
    pub(crate) name: Option<String>,
    pub(crate) instructions: Vec<Instruction>,
}

/// A Dockerfile of two stages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dockerfile {
    pub(crate) build: Stage,
    pub(crate) last: Stage,
}

impl Dockerfile {
    /// Reads the Dockerfile of a repository.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join("Dockerfile");
        let text = std::fs::read_to_string(&path);
        let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
        let stages = stages(&text).with_context(|| path.display().to_string())?;
        match <[Stage; 2]>::try_from(stages) {
            Ok([build, last]) => Ok(Self { build, last }),
            Err(stages) => bail!("{} has {} stages, not 2", path.display(), stages.len()),
        }
    }
}

impl Stage {
    /// The instructions that begin with a word.
    pub(crate) fn all<'a>(
        &'a self,
        word: &'static str,
    ) -> impl DoubleEndedIterator<Item = &'a Instruction> {
        let is_asked = move |instruction: &&Instruction| instruction.word == word;
        self.instructions.iter().filter(is_asked)
    }

    /// The text of the last instruction that begins with a word, which is the one that counts.
    pub(crate) fn last(&self, word: &'static str) -> Option<&str> {
        self.all(word)
            .next_back()
            .map(|instruction| instruction.text.as_str())
    }

    /// `ENTRYPOINT` and the like in their exec form: a list, for which no shell is needed.
    pub(crate) fn command(&self, word: &'static str) -> Result<Vec<String>> {
        let Some(text) = self.last(word) else {
            return Ok(Vec::new());
        };
        serde_json::from_str(text).with_context(|| format!("{word} {text} is not a list of texts"))
    }
}

impl Instruction {
    /// The words of the text that are flags (`--from=build`), and those that are not.
    pub(crate) fn words(&self) -> (Vec<&str>, Vec<&str>) {
        self.text
            .split_whitespace()
            .partition(|word| word.starts_with("--"))
    }
}

fn stages(text: &str) -> Result<Vec<Stage>> {
    let mut stages: Vec<Stage> = Vec::new();
    for instruction in instructions(text) {
        if instruction.word == "FROM" {
            stages.push(stage(&instruction)?);
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(instruction);
        } else {
            bail!("line {}: nothing may stand before FROM", instruction.line);
        }
    }
    Ok(stages)
}

fn stage(from: &Instruction) -> Result<Stage> {
    let words: Vec<&str> = from.text.split_whitespace().collect();
    let (base, name) = match words.as_slice() {
        [base] => (base, None),
        [base, word, name] if word.eq_ignore_ascii_case("as") => (base, Some(*name)),
        _ => bail!("line {}: FROM {} is not understood", from.line, from.text),
    };
    Ok(Stage {
        base: (*base).to_owned(),
        name: name.map(str::to_owned),
        instructions: Vec::new(),
    })
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let mut continues = false;
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()));
    for (line, text) in lines.filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
        let (part, goes_on) = match text.strip_suffix('\\') {
            Some(part) => (part.trim_end(), true),
            None => (text, false),
        };
        match found.last_mut() {
            Some(last) if continues => {
                last.text.push(' ');
                last.text.push_str(part);
            }
            _ => {
                let (word, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
                found.push(Instruction {
                    word: word.to_uppercase(),
                    text: rest.trim().to_owned(),
                    line,
                });
            }
        }
        continues = goes_on;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn continued_lines_are_one_instruction_and_comments_none() {
        let text = "FROM a:1 AS build\n# note\nRUN one \\\n # inside\n && two\nFROM b:2\nUSER 1";
        let stages = stages(text).unwrap();
        let names: Vec<_> = stages
            .iter()
            .map(|stage| (stage.base.as_str(), stage.name.as_deref()))
            .collect();
        assert_eq!(names, [("a:1", Some("build")), ("b:2", None)]);
        assert_eq!(stages[0].last("RUN"), Some("one && two"));
        assert_eq!(stages[0].instructions[0].line, 3);
        assert_eq!(stages[1].last("USER"), Some("1"));
    }

    #[test]
    fn what_is_not_understood_is_named_by_its_line() {
        for (text, error) in [
            ("ARG X\nFROM a:1", "line 1: nothing may stand before FROM"),
            ("FROM a:1 b", "line 1: FROM a:1 b is not understood"),
        ] {
            assert_eq!(stages(text).unwrap_err().to_string(), error);
        }
    }
}
