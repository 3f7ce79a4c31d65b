//! The bodies of the fuzz targets on the files of all fixtures, whole and damaged at random.

#[path = "../../../../fuzz/bodies.rs"]
mod bodies;

use crate::cases;
use crate::random::Random;

/// Texts for each target; `TIDEGATE_CASES` asks for more, `TIDEGATE_SEED` for others.
const TEXTS: usize = 250;

fn number(variable: &str, default: usize) -> usize {
    let text = std::env::var(variable).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Changes a text in a few places: bytes that mean something to YAML, and pieces of the text itself.
fn mutated(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(12)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            2 => bytes.insert(
                at,
                *random.pick(b":-?&*!|>'\"%@`{}[], \n\t#$(){}\\/.=~^+\x00\xc3\xff"),
            ),
            _ => {
                let piece = *random.pick(&[
                    "<<: *a",
                    "&a ",
                    "*a",
                    "$patch: delete",
                    "[name=a]",
                    "[=",
                    "-1",
                    "99999999999999999999",
                    "\n---\n",
                    "(a{1000}){1000}",
                    "\\Q",
                    "../",
                    "!!int ",
                    "1e999",
                    "\u{feff}",
                    "{{{{",
                    "[[[[",
                    "$(A)",
                    "null",
                ]);
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
    bytes
}

fn run(body: fn(&[u8]), corpus: &[String]) {
    let first = number("TIDEGATE_SEED", 1);
    for seed in first..first + number("TIDEGATE_CASES", TEXTS) {
        let mut random = Random::new(u64::try_from(seed).unwrap());
        let text = random.pick(corpus).clone();
        let bytes = mutated(&text, &mut random);
        let outcome = std::panic::catch_unwind(|| body(&bytes));
        assert!(
            outcome.is_ok(),
            "seed {seed}: {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn no_text_brings_the_renderer_down() {
    let files = cases::all()
        .into_iter()
        .flat_map(|(_, case)| case.tree.files);
    let (kustomizations, others): (Vec<_>, Vec<_>) =
        files.partition(|(path, _)| path.ends_with("kustomization.yaml"));
    let texts = |files: Vec<(String, String)>| -> Vec<String> {
        files.into_iter().map(|(_, text)| text).collect()
    };
    let (kustomizations, others) = (texts(kustomizations), texts(others));
    let paths = [
        "data.t.x.y\nx: {y: z}\n",
        "data.t.l.[name=a].v\nl:\n- {name: a, v: 1}\n",
        "data.t.0.a\n[{\"a\": 1}]",
        "metadata.annotations.a\\.b/c\n",
        "metadata.[a.b/c].*.-\n",
        "data.t.x\n|\n  text\n",
    ];
    run(bodies::yaml, &others);
    run(bodies::kustomization, &kustomizations);
    run(bodies::patch, &others);
    run(bodies::replacement, &paths.map(str::to_owned));
}
