//! What the caller may do, as the API server says it.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;
use tidegate_cluster::{ApiError, Cluster};

/// Asks the API server whether the caller may do something.
///
/// # Errors
/// If there is no answer.
pub(super) async fn may(
    cluster: &Cluster,
    attributes: ResourceAttributes,
) -> Result<bool, ApiError> {
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            non_resource_attributes: None,
        },
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client());
    let answer = api.create(&PostParams::default(), &review).await;
    let answer = answer.map_err(|error| ApiError::of(&error))?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
