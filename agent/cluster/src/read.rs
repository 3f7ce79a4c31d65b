//! Reads: one object, its metadata, lists, logs.

use http::Request;
use serde_json::Value;
use tidegate_object::{GroupKind, Object, ObjectId};

use crate::apply::encode;
use crate::{ApiError, Class, Cluster, KindInfo};

/// The Accept header of a read that leaves everything but the metadata on the server.
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

const METADATA_LIST: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// The objects of one page of a list.
const PAGE: usize = 500;

impl Cluster {
    /// Reads an object; `None` if it is not there.
    ///
    /// # Errors
    /// If the kind is not served, the account may not read it, or there is no answer.
    pub async fn get(&self, id: &ObjectId) -> Result<Option<Object>, ApiError> {
        self.get_as(id, "application/json").await
    }

    /// Reads an object at the version of another one with the same identity; `None` if it is not there.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn get_like(&self, object: &Object) -> Result<Option<Object>, ApiError> {
        let kind = self.kinds().resolve(object.gvk());
        let kind = kind.ok_or_else(|| ApiError::unknown_kind(&object.gvk().to_string()))?;
        self.get_at(&kind, object.id(), "application/json").await
    }

    /// Reads an object's metadata alone: no spec, no data.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn get_metadata(&self, id: &ObjectId) -> Result<Option<Object>, ApiError> {
        self.get_as(id, METADATA).await
    }

    /// Lists the objects of a kind, in one namespace or in all, by a label selector; page by page.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn list(
        &self,
        kind: &GroupKind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Object>, ApiError> {
        let kind = self.preferred(kind)?;
        let path = kind.path(namespace, "");
        let accept = "application/json";
        self.list_as(
            &kind,
            &format!("{path}?labelSelector={}", encode(selector)),
            accept,
        )
        .await
    }

    /// Lists the metadata of the objects of a kind, as [`Cluster::list`] does the whole objects.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn list_metadata(
        &self,
        kind: &GroupKind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Object>, ApiError> {
        let kind = self.preferred(kind)?;
        let path = kind.path(namespace, "");
        self.list_as(
            &kind,
            &format!("{path}?labelSelector={}", encode(selector)),
            METADATA_LIST,
        )
        .await
    }

    async fn list_as(
        &self,
        kind: &KindInfo,
        uri: &str,
        accept: &str,
    ) -> Result<Vec<Object>, ApiError> {
        let mut objects = Vec::new();
        let mut token = String::new();
        loop {
            let page = format!("{uri}&limit={PAGE}&continue={}", encode(&token));
            let page = self.read(&page, accept).await?;
            objects.extend(items(&page, kind));
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(next) if !next.is_empty() => token = next.into(),
                _ => return Ok(objects),
            }
        }
    }

    /// Reads the events of an object, the oldest first.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn events_of(&self, live: &Object) -> Result<Vec<Object>, ApiError> {
        let kind = self.preferred(&GroupKind::new("", "Event"))?;
        let uid = live.uid().unwrap_or_default();
        let path = kind.path(
            Some(live.id().namespace.as_deref().unwrap_or("default")),
            "",
        );
        let selector = encode(&format!("involvedObject.uid={uid}"));
        let page = self
            .read(
                &format!("{path}?fieldSelector={selector}"),
                "application/json",
            )
            .await?;
        Ok(items(&page, &kind))
    }

    /// Reads the last lines of a container's log; of its previous life if it crashes.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn log_tail(
        &self,
        pod: &ObjectId,
        container: &str,
        lines: u32,
    ) -> Result<String, ApiError> {
        let kind = self.preferred(&GroupKind::new("", "Pod"))?;
        let path = kind.path(pod.namespace.as_deref(), &pod.name);
        let uri = |previous: bool| {
            let container = encode(container);
            format!("{path}/log?container={container}&tailLines={lines}&previous={previous}")
        };
        let text = match self.read(&uri(true), "*/*").await {
            Err(error) if error.code == 400 => self.read(&uri(false), "*/*").await,
            other => other,
        };
        Ok(match text? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// Asks the API server for its version: whether it is there and takes the credentials.
    ///
    /// # Errors
    /// If there is no answer, or the credentials are not known.
    pub async fn version(&self) -> Result<String, ApiError> {
        let answer = self.read("/version", "application/json").await?;
        let version = answer.get("gitVersion").and_then(Value::as_str);
        Ok(version.unwrap_or("unknown").into())
    }

    async fn get_as(&self, id: &ObjectId, accept: &str) -> Result<Option<Object>, ApiError> {
        let kind = self.preferred(&id.kind)?;
        self.get_at(&kind, id, accept).await
    }

    async fn get_at(
        &self,
        kind: &KindInfo,
        id: &ObjectId,
        accept: &str,
    ) -> Result<Option<Object>, ApiError> {
        let path = kind.path(id.namespace.as_deref(), &id.name);
        match self.read(&path, accept).await {
            Ok(body) => Ok(typed(body, kind)),
            Err(error) if matches!(error.class, Class::NotFound | Class::MissingNamespace) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn preferred(&self, kind: &GroupKind) -> Result<std::sync::Arc<KindInfo>, ApiError> {
        self.kinds()
            .preferred(kind)
            .ok_or_else(|| ApiError::unknown_kind(&kind.to_string()))
    }

    async fn read(&self, uri: &str, accept: &str) -> Result<Value, ApiError> {
        let request = Request::get(uri)
            .header(http::header::ACCEPT, accept)
            .body(Vec::new())
            .map_err(|error| ApiError::malformed(&error.to_string()))?;
        Ok(self.send(request).await?.body)
    }
}

fn items(page: &Value, kind: &KindInfo) -> Vec<Object> {
    let items = page
        .get("items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    items
        .into_iter()
        .filter_map(|item| typed(item, kind))
        .collect()
}

/// Items of a list, and metadata alone, do not carry their own type.
fn typed(mut value: Value, kind: &KindInfo) -> Option<Object> {
    let fields = value.as_object_mut()?;
    fields.insert("apiVersion".into(), Value::String(kind.gvk.api_version()));
    fields.insert("kind".into(), Value::String(kind.gvk.kind.clone()));
    Object::new(value).ok()
}
