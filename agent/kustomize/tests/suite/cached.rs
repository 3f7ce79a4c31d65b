//! Builds with a cache give what builds without one give.

use tidegate_kustomize::{Cache, CacheUse, Options, render};

use crate::overlays::overlay;
use crate::random::Random;
use crate::tree::MemoryTree;

/// What a build comes to, errors included.
fn outcome(tree: &MemoryTree, top: &str, cache: Option<&Cache>) -> String {
    let options = Options {
        mirror: None,
        cache,
    };
    match render(tree, top, &options) {
        Ok(output) => format!(
            "{}{:?}{:?}{:?}",
            output.content, output.origins, output.findings, output.closure
        ),
        Err(error) => error.to_string(),
    }
}

/// Changes one file: a value, an object more, an object less, its last line, or nothing.
fn edit(random: &mut Random, tree: &mut MemoryTree) {
    let paths: Vec<_> = tree.files.keys().cloned().collect();
    let path = random.pick(&paths).clone();
    let text = tree.files.get_mut(&path).unwrap();
    match random.below(5) {
        0 => *text = text.replacen("web", "api", 1),
        1 => text.push_str("\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: added}\n"),
        2 => *text = text.split("\n---\n").next().unwrap().to_owned(),
        3 => text.truncate(text.trim_end().rfind('\n').map_or(0, |end| end + 1)),
        _ => {}
    }
}

#[test]
fn a_build_with_a_cache_gives_what_one_without_gives() {
    let mut counts = CacheUse::default();
    // The small ones run over all the time.
    for bytes in [300, 3000, 1 << 20] {
        let cache = Cache::new(bytes);
        for seed in 0..12 {
            let mut random = Random::new(seed);
            let mut over = overlay(seed);
            for step in 0..6 {
                edit(&mut random, &mut over.tree);
                let expected = outcome(&over.tree, &over.top, None);
                let found = outcome(&over.tree, &over.top, Some(&cache));
                assert_eq!(found, expected, "bytes {bytes}, seed {seed}, step {step}");
            }
        }
        counts = cache.counts();
    }
    assert!(counts.known > counts.parsed, "{counts:?}");
    assert!(counts.taken > counts.made / 4, "{counts:?}");
}

#[test]
fn only_what_changed_is_worked_out_again() {
    let object = |name: &str, value: usize| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{value: '{value}'}}\n"
        )
    };
    let mut tree = MemoryTree::new(&[(
        "kustomization.yaml",
        "namePrefix: my-\nnamespace: there\nresources: [a.yaml, b.yaml, c.yaml]\n",
    )]);
    let cache = Cache::new(1 << 20);
    for value in 0..3 {
        for name in ["a", "b", "c"] {
            let value = if name == "b" { value } else { 0 };
            tree.files
                .insert(format!("{name}.yaml"), object(name, value));
        }
        let text = outcome(&tree, "", Some(&cache));
        assert!(text.contains(&format!("value: \"{value}\"")), "{text}");
    }
    assert_eq!(
        cache.counts(),
        CacheUse {
            known: 4,
            parsed: 5,
            // Namespace, prefix, names, finish, print: of two objects of three in two builds of three.
            taken: 20,
            made: 25,
        }
    );
}

#[test]
fn a_full_cache_keeps_what_is_in_use() {
    let file =
        |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n");
    let tree = |names: &[&str]| {
        let list = names.iter().map(|name| format!("- {name}.yaml\n"));
        let mut tree = MemoryTree::new(&[(
            "kustomization.yaml",
            &format!("resources:\n{}", list.collect::<String>()),
        )]);
        for name in names {
            tree.files.insert(format!("{name}.yaml"), file(name));
        }
        tree
    };
    let cache = Cache::new(2 * file("a").len());
    let mut parsed = Vec::new();
    for names in [
        &["a", "b"][..],
        &["a", "b"],
        &["a", "c"],
        &["a", "c"],
        &["a", "c"],
        &["a", "c"],
    ] {
        outcome(&tree(names), "", Some(&cache));
        parsed.push(cache.counts().parsed);
    }
    // `b` was read by the build before, and holds its place once more.
    assert_eq!(parsed, [2, 2, 3, 4, 4, 4]);
}
