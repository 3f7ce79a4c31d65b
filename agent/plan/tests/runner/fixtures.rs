//! Each fixture is a file of manifests, and its snapshot the plan that is made of them offline.

use std::fs;

use tidegate_plan::{Settings, plan};

use super::manifest::objects;
use super::text::text;

#[test]
fn fixtures_are_planned_as_their_snapshots_say() {
    insta::glob!("../fixtures", "*.yaml", |path| {
        let objects = objects(&fs::read_to_string(path).unwrap());
        let shown = match plan(&objects, &(), &Settings::default()) {
            Ok(plan) => text(&plan),
            Err(error) => format!("error: {error}\n"),
        };
        insta::with_settings!({
            snapshot_path => "../fixtures",
            prepend_module_to_snapshot => false,
            snapshot_suffix => "",
            omit_expression => true,
        }, {
            insta::assert_snapshot!(path.file_stem().unwrap().to_str().unwrap(), shown);
        });
    });
}
