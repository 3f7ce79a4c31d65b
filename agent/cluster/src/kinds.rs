//! What the API server serves: discovery, cached, and refreshed when kinds change.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kube::Client;
use kube::core::GroupVersionKind;
use kube::discovery::{Discovery, Scope};
use tidegate_object::{GroupKind, Gvk};
use tokio::sync::watch;

use crate::cluster::DEADLINE;
use crate::{ApiError, Class};

/// A kind that the API server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindInfo {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// The plural, as paths have it.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl KindInfo {
    /// Returns the path of an object, or of a list if the name is empty. What no name may hold is encoded: it is the API
    /// server's to refuse, and leads nowhere else.
    pub fn path(&self, namespace: Option<&str>, name: &str) -> String {
        let group = if self.gvk.group.is_empty() {
            format!("/api/{}", self.gvk.version)
        } else {
            format!("/apis/{}/{}", self.gvk.group, self.gvk.version)
        };
        let namespace = match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("/namespaces/{}", segment(namespace)),
            None => String::new(),
        };
        let name = if name.is_empty() {
            String::new()
        } else {
            format!("/{}", segment(name))
        };
        format!("{group}{namespace}/{}{name}", self.plural)
    }

    /// Returns it as the client library wants it.
    pub(crate) fn resource(&self) -> kube::discovery::ApiResource {
        let gvk = GroupVersionKind::gvk(&self.gvk.group, &self.gvk.version, &self.gvk.kind);
        kube::discovery::ApiResource::from_gvk_with_plural(&gvk, &self.plural)
    }
}

/// Encodes a part of a path (RFC 3986, `pchar`).
fn segment(text: &str) -> String {
    // A part of dots alone would lead upwards.
    let leads_up = matches!(text, "." | "..");
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || b"-_~:@!$&'()*+,;=".contains(&byte)
            || byte == b'.' && !leads_up
    };
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The kinds that the API server serves. Cheap to clone.
#[derive(Clone)]
pub struct Kinds {
    client: Client,
    served: Arc<RwLock<Served>>,
    version: watch::Sender<u64>,
    expired: Arc<tokio::sync::Notify>,
}

#[derive(Default)]
struct Served {
    by_gvk: HashMap<Gvk, Arc<KindInfo>>,
    /// The preferred version of each kind.
    preferred: HashMap<GroupKind, Arc<KindInfo>>,
}

impl Kinds {
    pub(crate) fn new(client: Client) -> Self {
        let (version, _) = watch::channel(0);
        Self {
            client,
            served: Arc::default(),
            version,
            expired: Arc::default(),
        }
    }

    /// Returns a kind at a version, if it is served.
    pub fn resolve(&self, gvk: &Gvk) -> Option<Arc<KindInfo>> {
        self.read(|served| served.by_gvk.get(gvk).cloned())
    }

    /// Returns a kind at the version that the server prefers.
    pub fn preferred(&self, kind: &GroupKind) -> Option<Arc<KindInfo>> {
        self.read(|served| served.preferred.get(kind).cloned())
    }

    /// Finds kinds as kubectl users name them: by kind, plural or either with its group.
    pub fn named(&self, name: &str) -> Vec<Arc<KindInfo>> {
        let name = name.to_lowercase();
        let (name, group) = name
            .split_once('.')
            .map_or((name.as_str(), None), |(name, group)| (name, Some(group)));
        self.read(|served| {
            let mut found: Vec<_> = served
                .preferred
                .values()
                .filter(|kind| kind.plural == name || kind.gvk.kind.to_lowercase() == name)
                .filter(|kind| group.is_none_or(|group| kind.gvk.group == group))
                .cloned()
                .collect();
            found.sort_by(|one, other| one.gvk.group.cmp(&other.gvk.group));
            found
        })
    }

    /// Returns every kind at the version that the server prefers.
    pub fn all(&self) -> Vec<Arc<KindInfo>> {
        self.read(|served| served.preferred.values().cloned().collect())
    }

    /// Returns a signal that changes whenever the kinds do.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Asks whoever keeps the kinds fresh to look again.
    pub fn expire(&self) {
        self.expired.notify_one();
    }

    /// Waits until someone found the kinds to be out of date.
    pub async fn expired(&self) {
        self.expired.notified().await;
    }

    /// Reads the discovery anew: two requests (KEP-3352).
    ///
    /// # Errors
    /// If the API server does not answer.
    pub async fn refresh(&self) -> Result<(), ApiError> {
        let run = Discovery::new(self.client.clone()).run_aggregated();
        let discovery = match tokio::time::timeout(DEADLINE, run).await {
            Ok(answer) => answer.map_err(|error| undiscovered(&error))?,
            Err(_) => return Err(ApiError::late(DEADLINE)),
        };
        self.store(collect(&discovery));
        Ok(())
    }

    /// Waits until a kind is served, at most so long; tells whether it is.
    pub async fn wait_for(&self, gvk: &Gvk, at_most: Duration) -> bool {
        let mut changes = self.changes();
        let served = async {
            while self.resolve(gvk).is_none() {
                if changes.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(at_most, served).await.unwrap_or(false)
    }

    fn store(&self, fresh: Served) {
        let changed = {
            let mut served = self.served.write().unwrap_or_else(PoisonError::into_inner);
            let changed = served.by_gvk != fresh.by_gvk;
            *served = fresh;
            changed
        };
        if changed {
            self.version
                .send_modify(|version| *version = version.wrapping_add(1));
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Served) -> T) -> T {
        look(&self.served.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.read(|served| {
            f.debug_struct("Kinds")
                .field("served", &served.by_gvk.len())
                .finish()
        })
    }
}

/// Without its kinds a cluster is as good as away, whatever it answers.
fn undiscovered(error: &kube::Error) -> ApiError {
    ApiError {
        class: Class::Unreachable,
        ..ApiError::of(error)
    }
}

fn collect(discovery: &Discovery) -> Served {
    let mut served = Served::default();
    for group in discovery.groups() {
        let preferred = group.preferred_version_or_latest();
        for version in group.versions() {
            for (resource, capabilities) in group.versioned_resources(version) {
                let gvk = Gvk {
                    group: resource.group,
                    version: resource.version,
                    kind: resource.kind,
                };
                let namespaced = capabilities.scope == Scope::Namespaced;
                let kind = Arc::new(KindInfo {
                    gvk: gvk.clone(),
                    plural: resource.plural,
                    namespaced,
                });
                let of_group = served.preferred.entry(gvk.group_kind());
                if version == preferred {
                    of_group.insert_entry(Arc::clone(&kind));
                } else {
                    of_group.or_insert_with(|| Arc::clone(&kind));
                }
                served.by_gvk.insert(gvk, kind);
            }
        }
    }
    served
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        let gvk = Gvk::from_type_meta("v1", "Secret");
        let kind = KindInfo {
            gvk,
            plural: "secrets".into(),
            namespaced: true,
        };
        for (name, expected) in [
            ("", ""),
            ("a.b-c", "/a.b-c"),
            ("system:a", "/system:a"),
            ("A B", "/A%20B"),
            ("a?dryRun=All", "/a%3FdryRun=All"),
            ("../nodes/a", "/..%2Fnodes%2Fa"),
            ("..", "/%2E%2E"),
            ("ü", "/%C3%BC"),
        ] {
            let path = kind.path(Some("x/y"), name);
            assert_eq!(path, format!("/api/v1/namespaces/x%2Fy/secrets{expected}"));
        }
    }
}
