//! Random overlays, and random damage to them, through both renderers.

use crate::coverage::Coverage;
use crate::oracle::{Outcome, difference, ours, theirs};
use crate::overlays::{self, Overlay};
use crate::random::Random;

/// Cases of a test run; `TIDEGATE_CASES` asks for more, `TIDEGATE_SEED` for others, `TIDEGATE_KEEP` names
/// a folder for the trees of those that differ.
const CASES: u64 = 60;
const SEED: u64 = 1;

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn compare(what: &str, mut make: impl FnMut(u64) -> Overlay) {
    let (count, first) = (
        number("TIDEGATE_CASES", CASES),
        number("TIDEGATE_SEED", SEED),
    );
    let (mut failing, mut problems) = (0, Vec::new());
    let mut coverage = Coverage::default();
    for seed in first..first + count {
        let overlay = make(seed);
        coverage.add(&overlay.tree);
        let theirs: Outcome = theirs(&overlay.tree, &overlay.top);
        let ours: Outcome = ours(&overlay.tree, &overlay.top);
        failing += usize::from(theirs.is_err());
        if let Some(difference) = difference(&ours, &theirs) {
            if let Ok(folder) = std::env::var("TIDEGATE_KEEP") {
                overlay
                    .tree
                    .write(&std::path::Path::new(&folder).join(seed.to_string()));
            }
            problems.push(format!("seed {seed}, in {}:\n{difference}", overlay.top));
        }
    }
    let mismatches = problems.len();
    println!("{what}: {count} cases from seed {first}, {failing} fail, {mismatches} mismatches");
    coverage.report(what);
    problems.truncate(8);
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn random_overlays_are_rendered_as_kustomize_renders_them() {
    compare("random overlays", overlays::overlay);
}

#[test]
fn damaged_overlays_fail_as_they_fail_in_kustomize() {
    compare("damaged overlays", |seed| {
        let mut overlay = overlays::overlay(seed);
        let mut random = Random::new(seed ^ 0xDA_4A6E);
        for _ in 0..=random.below(2) {
            damage(&mut overlay, &mut random);
        }
        overlay
    });
}

/// Does one thing that people do by mistake.
fn damage(overlay: &mut Overlay, random: &mut Random) {
    let paths: Vec<String> = overlay.tree.files.keys().cloned().collect();
    let path = random.pick(&paths).clone();
    if random.chance(4) {
        overlay.tree.files.remove(&path);
        return;
    }
    let text = overlay.tree.files.get_mut(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return;
    }
    let at = random.below(lines.len());
    match random.below(10) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines[at].insert(0, ' '),
        3 => lines[at] = lines[at].trim_start().to_owned(),
        4 => {
            let other = random.below(lines.len());
            lines.swap(at, other);
        }
        5 => {
            let letters: Vec<char> = lines[at].chars().collect();
            let cut = random.below(letters.len());
            lines[at] = letters
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != cut)
                .map(|(_, letter)| *letter)
                .collect();
        }
        6 => {
            if let Some((key, _)) = lines[at].clone().split_once(": ") {
                let value =
                    *random.pick(&["5", "yes", "[]", "{}", "null", "\"\"", "- x", "*a", "&a b"]);
                lines[at] = format!("{key}: {value}");
            }
        }
        7 => {
            if let Some((key, value)) = lines[at].clone().split_once(": ") {
                lines[at] = format!("{key}x: {value}");
            }
        }
        8 => lines.insert(
            at,
            (*random.pick(&["---", "...", "x: y", "- z", "#", "\tx: y"])).to_owned(),
        ),
        _ => {
            let end = lines[at].len();
            lines[at].insert_str(
                end,
                random.pick::<&str>(&[" ", ":", " #", "]", "}", "'", "\""]),
            );
        }
    }
    *text = lines.join("\n") + "\n";
}
