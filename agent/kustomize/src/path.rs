//! Paths of a tree as texts: joining, cleaning, parents.

/// Joins and cleans as Go's `filepath.Join` does; `None` if the result leaves the root.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder of a path, and its last part.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// The last part, as Go's `path.Base`.
pub(crate) fn base(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        path => split(path).1,
    }
}

/// Whether `path` is `folder` or below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path == folder
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether Go's `url.Parse` would find the scheme http or https.
pub(crate) fn is_http(path: &str) -> bool {
    let scheme = path.split_once(':').map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}

/// Whether kustomize would clone it (`NewRepoSpecFromURL`).
pub(crate) fn is_repository(path: &str) -> bool {
    if path.starts_with('/') {
        return false;
    }
    let path = path.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase();
    let lower = lower.strip_prefix("git::").unwrap_or(&lower);
    let schemes = ["ssh://", "https://", "http://", "file://"];
    let rest = schemes.iter().find_map(|scheme| lower.strip_prefix(scheme));
    let user = lower.split_once('@').filter(|(name, _)| {
        name.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    });
    let github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
    rest.unwrap_or(lower).contains(['/', ':']) && (rest.is_some() || user.is_some() || github)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_within_the_root() {
        let check = |folder, path, expected| {
            assert_eq!(join(folder, path).as_deref(), expected, "{folder} {path}");
        };
        check("a/b", "../c", Some("a/c"));
        check("a", "./b//c/", Some("a/b/c"));
        check("", ".", Some(""));
        check("a", "../..", None);
    }

    #[test]
    fn repositories_are_told_from_folders() {
        for path in [
            "github.com/org/repo",
            "git@github.com:org/repo",
            "https://example.com/org/repo//base?ref=v1",
            "ssh://git@example.com/org/repo",
            "git::https://example.com/org/repo",
        ] {
            assert!(is_repository(path), "{path}");
        }
        for path in ["../base", "base", "a@b", "/abs", "example.com/org/repo"] {
            assert!(!is_repository(path), "{path}");
        }
    }
}
