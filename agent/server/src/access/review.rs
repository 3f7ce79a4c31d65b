//! TokenReview and SubjectAccessReview, remembered for seconds.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::Right;
use crate::cache::Cache;
use crate::problem::{Kind, Problem};

/// How long the cluster may take to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long a yes holds: a right that is taken away is gone after this.
const YES: Duration = Duration::from_secs(10);
/// How long a no holds: a right that is granted is there after this.
const NO: Duration = Duration::from_secs(1);
/// How many answers of each kind are remembered.
const REMEMBERED: usize = 1024;

/// SHA-256 of a token; the token itself is not kept.
type TokenDigest = [u8; 32];

/// A caller whom the cluster knows.
#[derive(Clone)]
pub(crate) struct Caller {
    digest: TokenDigest,
    user: Arc<UserInfo>,
}

impl Caller {
    /// Returns the caller's name.
    pub(crate) fn name(&self) -> &str {
        self.user.username.as_deref().unwrap_or_default()
    }
}

/// What the cluster says of tokens and rights.
pub(crate) struct Reviews {
    client: Client,
    callers: Cache<TokenDigest, Option<Caller>>,
    rights: Cache<(TokenDigest, Right), bool>,
}

impl Reviews {
    /// Asks with a client's rights.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            callers: Cache::new(REMEMBERED),
            rights: Cache::new(REMEMBERED),
        }
    }

    /// Returns whose token it is.
    ///
    /// # Errors
    /// If the cluster does not know the token, or does not say.
    pub(crate) async fn caller(&self, token: &str) -> Result<Caller, Problem> {
        let digest: TokenDigest = Sha256::digest(token).into();
        let known = if let Some(known) = self.callers.get(&digest, Instant::now()) {
            known
        } else {
            let user = self.review_token(token).await?.map(Arc::new);
            let caller = user.map(|user| Caller { digest, user });
            let lifetime = if caller.is_some() { YES } else { NO };
            self.callers
                .put(digest, caller.clone(), (Instant::now(), lifetime));
            caller
        };
        known.ok_or_else(|| {
            let detail = "the cluster does not accept this token: it is malformed, has expired, or is for another audience";
            Problem::new(Kind::InvalidToken, detail)
        })
    }

    /// Tells whether a caller has a right.
    ///
    /// # Errors
    /// If the cluster does not say.
    pub(crate) async fn allows(&self, caller: &Caller, right: &Right) -> Result<bool, Problem> {
        let key = (caller.digest, right.clone());
        if let Some(known) = self.rights.get(&key, Instant::now()) {
            return Ok(known);
        }
        let allowed = self.review_right(&caller.user, right).await?;
        let lifetime = if allowed { YES } else { NO };
        self.rights.put(key, allowed, (Instant::now(), lifetime));
        Ok(allowed)
    }

    async fn review_token(&self, token: &str) -> Result<Option<UserInfo>, Problem> {
        let review = TokenReview {
            spec: TokenReviewSpec {
                token: token.into(),
                audiences: None,
            },
            ..TokenReview::default()
        };
        let reviews: Api<TokenReview> = Api::all(self.client.clone());
        let parameters = PostParams::default();
        let answer = ask("tokenreviews", reviews.create(&parameters, &review)).await?;
        let status = answer.status.unwrap_or_default();
        let user = status.user.filter(|user| user.username.is_some());
        Ok(user.filter(|_| status.authenticated == Some(true)))
    }

    async fn review_right(&self, user: &UserInfo, right: &Right) -> Result<bool, Problem> {
        let review = SubjectAccessReview {
            spec: SubjectAccessReviewSpec {
                user: user.username.clone(),
                uid: user.uid.clone(),
                groups: user.groups.clone(),
                extra: user.extra.clone(),
                resource_attributes: Some(right.attributes()),
                ..SubjectAccessReviewSpec::default()
            },
            ..SubjectAccessReview::default()
        };
        let reviews: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let parameters = PostParams::default();
        let answer = ask("subjectaccessreviews", reviews.create(&parameters, &review)).await?;
        let status = answer.status.unwrap_or_default();
        Ok(status.allowed && status.denied != Some(true))
    }
}

/// Waits for the cluster's answer; without one nobody gets in.
async fn ask<T>(what: &str, asked: impl Future<Output = kube::Result<T>>) -> Result<T, Problem> {
    let detail = match timeout(DEADLINE, asked).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => format!(
            "the agent itself may not create {what}, so that nobody can be let in: bind the ClusterRole tidegate-agent to its account"
        ),
        Ok(Err(error)) => {
            tracing::warn!(%error, what, "caller not reviewed");
            "the API server does not say who you are and what you may do: try again when it answers"
                .into()
        }
        Err(_) => format!(
            "the API server did not say within {} s who you are and what you may do: try again",
            DEADLINE.as_secs()
        ),
    };
    Err(Problem::new(Kind::Unavailable, detail))
}
