//! What a caller may see of the cluster besides layers: what the cluster lets them read themselves.

use axum::http::HeaderMap;
use tidegate_cluster::Kinds;
use tidegate_object::ObjectId;
use tidegate_sync::{Sight, Sought};

use super::{Guard, Resource, Right};
use crate::problem::Problem;

/// A caller's own rights to read.
#[derive(Clone, Copy)]
pub(crate) struct Eyes<'a> {
    pub(crate) guard: &'a Guard,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) kinds: &'a Kinds,
}

impl Eyes<'_> {
    /// Lets a caller in who may read an object.
    ///
    /// # Errors
    /// As for [`Guard::admit`].
    pub(crate) async fn admit(&self, id: &ObjectId) -> Result<(), Problem> {
        let right = Right::See(self.object(id));
        self.guard.admit(self.headers, &right).await.map(drop)
    }

    /// Lets a caller in who may change an object, and returns their name.
    ///
    /// # Errors
    /// As for [`Guard::admit`].
    pub(crate) async fn admit_change(&self, id: &ObjectId) -> Result<String, Problem> {
        let right = Right::See(Resource {
            verb: "patch",
            ..self.object(id)
        });
        self.guard.admit(self.headers, &right).await
    }

    fn object(&self, id: &ObjectId) -> Resource {
        let served = self.kinds.preferred(&id.kind);
        Resource {
            verb: "get",
            group: id.kind.group.clone(),
            plural: served.map_or_else(|| "*".into(), |kind| kind.plural.clone()),
            subresource: None,
            namespace: id.namespace.clone(),
            name: Some(id.name.clone()),
        }
    }

    async fn may_all(&self, resources: impl IntoIterator<Item = Resource>) -> bool {
        for resource in resources {
            let right = Right::See(resource);
            if self.guard.admit(self.headers, &right).await.is_err() {
                return false;
            }
        }
        true
    }
}

impl Sight for Eyes<'_> {
    async fn may(&self, what: &Sought) -> bool {
        match what {
            Sought::Object(id) => self.may_all([self.object(id)]).await,
            Sought::Happenings(namespace) => {
                let list = |plural: &str| core("list", plural, namespace.clone());
                self.may_all([list("events"), list("pods")]).await
            }
            Sought::Logs(namespace) => {
                let log = Resource {
                    subresource: Some("log"),
                    ..core("get", "pods", Some(namespace.clone()))
                };
                self.may_all([log]).await
            }
        }
    }
}

fn core(verb: &'static str, plural: &str, namespace: Option<String>) -> Resource {
    Resource {
        verb,
        group: String::new(),
        plural: plural.into(),
        subresource: None,
        namespace,
        name: None,
    }
}
