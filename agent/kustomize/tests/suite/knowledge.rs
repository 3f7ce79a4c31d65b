//! The tables of what kustomize knows are those that the program beside the oracles prints.

use std::path::Path;

#[expect(
    clippy::disallowed_methods,
    reason = "the tables are printed by a Go program"
)]
fn printed(table: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles");
    let output = std::process::Command::new("go")
        .args(["run", "./knowledge", table])
        .env("GOWORK", "off")
        .env("GOFLAGS", "-mod=readonly")
        .current_dir(folder)
        .output()
        .expect("Go 1.26 or later is needed (https://go.dev/doc/install)");
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    String::from_utf8(output.stdout).unwrap()
}

fn check_current(table: &str, folder: &str, committed: &str) {
    let hint = format!(
        "run `go run ./knowledge {table} > ../../agent/kustomize/{folder}/{table}.txt` in tests/oracles"
    );
    assert!(printed(table) == committed, "{hint}");
}

#[test]
fn the_tables_are_current() {
    let fields = include_str!("../../src/knowledge/fields.txt");
    check_current("fields", "src/knowledge", fields);
    let schema = include_str!("../../src/knowledge/schema.txt");
    check_current("schema", "src/knowledge", schema);
    check_current("inputs", "tests", include_str!("../inputs.txt"));
}
