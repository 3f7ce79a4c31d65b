//! What a call says about repositories: nothing but their URLs is looked at.

use serde::Deserialize;

/// The parts of the forges' push events that name a repository.
#[derive(Deserialize)]
struct Payload {
    /// GitHub, Gitea, Forgejo, and older parts of GitLab.
    repository: Option<Repository>,
    /// GitLab.
    project: Option<Repository>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names are the forges'")]
struct Repository {
    clone_url: Option<String>,
    git_http_url: Option<String>,
    git_ssh_url: Option<String>,
    git_url: Option<String>,
    html_url: Option<String>,
    ssh_url: Option<String>,
    web_url: Option<String>,
}

/// Returns the repository's URLs; none if the body does not name it, or is not JSON.
pub(crate) fn urls(body: &[u8]) -> Vec<String> {
    let Ok(payload) = serde_json::from_slice::<Payload>(body) else {
        return Vec::new();
    };
    let repositories = [payload.repository, payload.project].into_iter().flatten();
    let mut urls: Vec<String> = repositories.flat_map(Repository::urls).collect();
    urls.sort();
    urls.dedup();
    urls
}

impl Repository {
    fn urls(self) -> impl Iterator<Item = String> {
        let urls = [
            self.clone_url,
            self.git_http_url,
            self.git_ssh_url,
            self.git_url,
            self.html_url,
            self.ssh_url,
            self.web_url,
        ];
        urls.into_iter().flatten().filter(|url| !url.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_name_repositories() {
        for (body, expected) in [
            (
                r#"{"ref": "refs/heads/main", "repository": {"id": 7, "clone_url": "https://h/a.git", "ssh_url": "git@h:a.git", "html_url": "https://h/a", "owner": {"html_url": "https://h/o"}}}"#,
                vec!["git@h:a.git", "https://h/a", "https://h/a.git"],
            ),
            (
                r#"{"project": {"git_http_url": "https://h/a.git", "git_ssh_url": "git@h:a.git", "web_url": ""}, "repository": {"git_http_url": "https://h/a.git"}}"#,
                vec!["git@h:a.git", "https://h/a.git"],
            ),
            (
                r#"{"ref": "refs/heads/main", "before": "0", "after": "1"}"#,
                vec![],
            ),
            (r#"{"repository": {"clone_url": 7}}"#, vec![]),
            ("payload=%7B%7D", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(urls(body.as_bytes()), expected, "{body}");
        }
        assert!(urls("[".repeat(100_000).as_bytes()).is_empty());
    }
}
