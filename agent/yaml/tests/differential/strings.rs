//! Texts, keys, numbers and values that are hard to print.

use serde_json::{Value, json};

use super::random::Random;

/// What YAML treats specially, alone and in the combinations that matter.
const PARTS: [&str; 86] = [
    " ",
    "  ",
    "\n",
    "\n\n",
    "\n ",
    " \n",
    "\t",
    "\r",
    "\r\n",
    ":",
    ": ",
    " :",
    "#",
    " #",
    "# ",
    "-",
    "- ",
    "--- ",
    "---",
    "...",
    "?",
    "? ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!",
    "!!str ",
    "|",
    ">",
    "'",
    "''",
    "\"",
    "\\",
    "%",
    "@",
    "`",
    "=",
    "<<",
    "~",
    "null",
    "Null",
    "true",
    "yes",
    "No",
    "on",
    "off",
    "y",
    "n",
    "0",
    "1",
    "08",
    "0x1f",
    "0o7",
    "0b1",
    "1_0",
    "1e3",
    ".5",
    "1.",
    "-1",
    "+1",
    "1:20",
    "12:30:45",
    "2020-01-01",
    ".inf",
    ".nan",
    "-.Inf",
    "a",
    "b",
    "word",
    "ä",
    "日本",
    "😀",
    "\u{a0}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{1}",
    "\u{7}",
    "\u{1b}",
    "\u{fffd}",
    "a longer run of words ",
];

pub(crate) fn nasty(random: &Random) -> String {
    let count = match random.below(4) {
        0 => 1,
        1 | 2 => random.below(6),
        _ => random.below(40),
    };
    (0..count).map(|_| part(random)).collect()
}

/// Words are common, so that texts get long without becoming too strange.
fn part(random: &Random) -> String {
    match random.below(3) {
        0 => random.pick(&PARTS).to_owned(),
        1 => (0..random.below(9))
            .map(|_| random.pick(&['a', 'b', 'C', '1', '_', '-', '.', 'é']))
            .collect(),
        _ => random
            .pick(&[" ", " ", "word ", "and ", "\n", "long-word-without-spaces"])
            .to_owned(),
    }
}

/// Go's order of keys is none if letters follow digits (`10` < `1a` < `2` < `10`), and kyaml drops `<<`.
pub(crate) fn key(random: &Random) -> String {
    let mut key = String::new();
    for char in any_key(random).replace('<', "").chars() {
        if char.is_alphabetic() && key.ends_with(|last: char| last.is_ascii_digit()) {
            key.push('-');
        }
        key.push(char);
    }
    key
}

fn any_key(random: &Random) -> String {
    match random.below(3) {
        0 => nasty(random),
        1 => (0..random.below(5))
            .map(|_| random.pick(&["a", "B", "1", "0", "10", "02", ".", "_", "/", "-"]))
            .collect(),
        _ => format!("{}{}", "k".repeat(random.below(140)), random.below(20)),
    }
}

pub(crate) fn value(random: &Random, depth: usize) -> Value {
    let kinds = if depth == 0 { 4 } else { 8 };
    match random.below(kinds) {
        0 => random
            .pick(&[json!(null), json!(true), json!(false), json!([]), json!({})].each_ref())
            .clone(),
        1 => number(random),
        2 | 3 => json!(nasty(random)),
        4 | 5 => (0..random.below(4))
            .map(|_| value(random, depth - 1))
            .collect(),
        _ => {
            let fields = (0..random.below(4)).map(|_| (key(random), value(random, depth - 1)));
            Value::Object(fields.collect())
        }
    }
}

fn number(random: &Random) -> Value {
    let exponent = i32::try_from(random.below(60)).unwrap() - 30;
    let digits = random.below(10usize.pow(u32::try_from(random.below(17)).unwrap()));
    #[expect(clippy::cast_precision_loss, reason = "any float will do")]
    match random.below(4) {
        0 => json!(digits),
        1 => json!(-(i64::try_from(digits).unwrap())),
        2 => json!(u64::MAX - digits as u64),
        _ => json!(digits as f64 * 10f64.powi(exponent)),
    }
}

/// A scalar without quotes, near to everything that resolves to something.
pub(crate) fn plain(random: &Random) -> String {
    const WORDS: [&str; 34] = [
        "true",
        "True",
        "TRUE",
        "tRUE",
        "false",
        "null",
        "Null",
        "NULL",
        "nULL",
        "~",
        "",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "N",
        ".inf",
        ".Inf",
        "+.inf",
        "-.INF",
        ".nan",
        "<<",
        "=",
        "!!str",
        "!!int 0o1_7",
        "!!float 1",
        "!!float 0x10",
        "!!bool true",
        "!!null null",
        "!!str 2020-01-01",
        "!!binary aGVsbG8=",
        "! 1",
        "!local 1",
    ];
    const PIECES: [&str; 26] = [
        "0", "1", "7", "8", "9", "12", "_", "-", "+", ".", "e", "E", "0x", "0X", "0b", "0B", "0o",
        "0O", "f", "a", ":", "T", "Z", " ", "2021", "00",
    ];
    match random.below(6) {
        0 => random.pick(&WORDS).to_owned(),
        1 => date(random),
        2 => (0..25)
            .map(|_| random.pick(&["0", "9", "1"]))
            .take(17 + random.below(6))
            .collect(),
        3 => format!("{}{}", random.pick(&["", "-", "+"]), number(random)),
        _ => {
            let count = 1 + random.below(6);
            let text: String = (0..count).map(|_| random.pick(&PIECES)).collect();
            if text.starts_with("- ") || text.contains(": ") || text.trim().ends_with(':') {
                "x".into()
            } else {
                text
            }
        }
    }
}

fn date(random: &Random) -> String {
    let two = |limit: usize| {
        let number = random.below(limit);
        if random.one_in(2) {
            format!("{number:02}")
        } else {
            number.to_string()
        }
    };
    let date = format!("20{:02}-{}-{}", two(99), two(15), two(33));
    let time = format!("{}:{}:{}", two(26), two(62), two(62));
    let decimals = random.pick(&["", ".5", ".123456789", ".1234567891", ",5", ".", ".10"]);
    let zone = random.pick(&[
        "", "Z", "z", "+02:00", "-05:30", " +1", "+00:00", "+24:00", "-0500", "+25:00",
    ]);
    match random.below(4) {
        0 => date,
        1 => format!("{date} {time}{decimals}"),
        2 => format!("{date}  {time}{decimals}{zone}"),
        _ => format!(
            "{date}{}{time}{decimals}{zone}",
            random.pick(&["T", "t", " "])
        ),
    }
}
