//! Renders what the source shows.

use std::sync::Arc;

use tidegate_kustomize::Options;
use tidegate_source::Revision;

use super::Worker;
use crate::Trigger;
use crate::render::{RenderFailure, Rendering};
use crate::sources::Head;
use crate::status::{Reason, Trouble};

impl Worker {
    /// Renders the newest commit, unless that was done or would come to the same.
    pub(super) async fn render(&mut self) {
        let (Some(head), Ok(wanted)) = (self.source.head.clone(), &self.wanted) else {
            return;
        };
        if self.looked_at.as_ref() == Some(&head.revision) {
            return;
        }
        let path = wanted.path.clone();
        let revision = head.revision.clone();
        self.looked_at = Some(revision.clone());
        let known = self
            .rendering
            .as_ref()
            .map(|(rendering, _)| rendering.clone());
        match self.rendered(head, path, known).await {
            Ok(rendering) => self.take_rendering(rendering, revision),
            Err(trouble) => self.failure = Some(trouble),
        }
    }

    fn take_rendering(&mut self, rendering: Rendering, revision: Revision) {
        self.failure = None;
        let known = self.rendering.as_ref().map(|(known, _)| known.key);
        let is_new = known != Some(rendering.key);
        let is_applied = self.status.last_applied_revision == Some(revision.to_string());
        let was_healthy = self.status.last_healthy_revision == Some(revision.to_string());
        if known.is_none() && was_healthy && self.is_of_this_generation() {
            self.healthy_at = Some(rendering.key);
        }
        self.rendering = Some((rendering, revision));
        if is_new {
            self.want(match known {
                None if is_applied => Trigger::Start,
                _ => Trigger::Change,
            });
        }
    }

    fn is_of_this_generation(&self) -> bool {
        self.status.observed_generation == Some(self.resource.generation)
    }

    /// Renders on a thread that may block; what would render the same is not rendered again.
    async fn rendered(
        &self,
        head: Head,
        path: String,
        known: Option<Rendering>,
    ) -> Result<Rendering, Trouble> {
        // The semaphore is never closed.
        let permit = Arc::clone(&self.parts.renderers).acquire_owned().await.ok();
        let (mirror, cache) = (self.parts.mirror.clone(), Arc::clone(&self.parts.cache));
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            if let Some(known) = known
                && known.is_of(&head.tree, &path)?
            {
                return Ok(known);
            }
            let options = Options {
                mirror: mirror.as_deref().map(|tree| tree as _),
                cache: Some(&cache),
            };
            Rendering::new(&head.tree, &path, &options)
        });
        match task.await {
            Ok(rendered) => rendered.map_err(|failure| trouble(&failure)),
            Err(error) => {
                let message = format!("the rendering did not come to its end: {error}");
                Err(Trouble::new(Reason::RenderFailed, message))
            }
        }
    }
}

fn trouble(failure: &RenderFailure) -> Trouble {
    let reason = match failure {
        RenderFailure::NoPath(_) => Reason::PathNotFound,
        RenderFailure::Empty(_) => Reason::EmptyLayer,
        RenderFailure::Render(_) | RenderFailure::Tree(_) => Reason::RenderFailed,
    };
    Trouble::new(reason, failure.to_string())
}
