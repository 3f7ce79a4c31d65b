//! The agent's own manifests, as they are in the repository, built into the command.

use std::sync::Arc;

use tidegate_kustomize::{Entry, Tree, TreeError};

/// A file's path below `manifests/`, and its text.
type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../manifests/", $path)))),*]
    };
}

const FILES: &[File] = files![
    "tidegate/admission.yaml",
    "tidegate/components/broad-deployer/deployer.yaml",
    "tidegate/components/broad-deployer/kustomization.yaml",
    "tidegate/components/mirror/kustomization.yaml",
    "tidegate/components/mirror/volume.yaml",
    "tidegate/components/monitoring/dashboards/fleet.json",
    "tidegate/components/monitoring/dashboards/layer.json",
    "tidegate/components/monitoring/dashboards/traffic.json",
    "tidegate/components/monitoring/kustomization.yaml",
    "tidegate/components/monitoring/prometheusrule.yaml",
    "tidegate/components/monitoring/servicemonitor.yaml",
    "tidegate/components/narrow-reader/kustomization.yaml",
    "tidegate/components/narrow-reader/reader.yaml",
    "tidegate/crd.yaml",
    "tidegate/deployment.yaml",
    "tidegate/flowschema.yaml",
    "tidegate/kustomization.yaml",
    "tidegate/namespace.yaml",
    "tidegate/networkpolicy.yaml",
    "tidegate/poddisruptionbudget.yaml",
    "tidegate/rbac.yaml",
    "tidegate/service.yaml",
    "tidegate/serviceaccount.yaml",
];

/// The manifests as a tree, with a root kustomization of their own.
pub(crate) struct Manifests {
    root: String,
}

impl Manifests {
    /// The agent's manifests with these components.
    pub(crate) fn new<'a>(components: impl Iterator<Item = &'a str>) -> Self {
        let lines = components.map(|name| format!("- tidegate/components/{name}\n"));
        let components = lines.collect::<Vec<_>>().concat();
        let header = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
        let mut root = format!("{header}resources:\n- tidegate\n");
        if !components.is_empty() {
            root.push_str("components:\n");
            root.push_str(&components);
        }
        Self { root }
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        let root = std::iter::once(("kustomization.yaml", self.root.as_str()));
        root.chain(FILES.iter().copied())
    }
}

impl Tree for Manifests {
    fn entry(&self, path: &str) -> Result<Option<Entry>, TreeError> {
        let below = |file: &str| {
            path.is_empty()
                || file
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('/'))
        };
        let mut files = self.files().map(|(file, _)| file);
        Ok(files.find_map(|file| match file {
            _ if file == path => Some(Entry::File),
            _ if below(file) => Some(Entry::Directory),
            _ => None,
        }))
    }

    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>, TreeError> {
        let found = self.files().find(|(file, _)| *file == path);
        Ok(found.map(|(_, text)| text.as_bytes().into()))
    }

    fn list(&self, path: &str) -> Result<Vec<(String, Entry)>, TreeError> {
        let mut names = std::collections::BTreeMap::new();
        for (file, _) in self.files() {
            let rest = if path.is_empty() {
                Some(file)
            } else {
                file.strip_prefix(path)
                    .and_then(|rest| rest.strip_prefix('/'))
            };
            match rest.map(|rest| {
                rest.split_once('/')
                    .map_or((rest, Entry::File), |(name, _)| (name, Entry::Directory))
            }) {
                Some((name, entry)) => names.insert(name.to_owned(), entry),
                None => continue,
            };
        }
        Ok(names.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                collect(&entry.path(), &path, found);
            } else {
                found.push(path);
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/tidegate");
        let mut found = Vec::new();
        collect(&folder, "tidegate", &mut found);
        found.sort();
        let built_in: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
        assert_eq!(built_in, found);
    }

    #[test]
    fn folders_are_listed_and_files_read() {
        let tree = Manifests::new(["broad-deployer"].into_iter());
        let names: Vec<String> = tree
            .list("")
            .unwrap()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["kustomization.yaml", "tidegate"]);
        assert_eq!(
            tree.entry("tidegate/components").unwrap(),
            Some(Entry::Directory)
        );
        assert_eq!(tree.entry("tidegate/comp").unwrap(), None);
        assert!(tree.read("tidegate/crd.yaml").unwrap().is_some());
    }
}
