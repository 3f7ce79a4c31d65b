//! Who a caller is, and what they may do: the cluster says so.

mod review;
mod right;
mod sight;

use axum::http::{HeaderMap, header};
use kube::Client;

pub(crate) use right::{Resource, Right};
pub(crate) use sight::Eyes;

use self::review::Reviews;
use crate::Access;
use crate::problem::{Kind, Problem};

/// The name of a caller without a token, as Kubernetes has it.
const ANONYMOUS: &str = "system:anonymous";
/// Longer tokens are not looked at.
const TOKEN_SIZE: usize = 16 * 1024;

/// The door-keeper: no answer without [`Guard::admit`].
pub(crate) struct Guard {
    access: Access,
    reviews: Reviews,
}

impl Guard {
    /// Asks a cluster with the agent's own rights.
    pub(crate) fn new(access: Access, client: Client) -> Self {
        Self {
            access,
            reviews: Reviews::new(client),
        }
    }

    /// Lets a caller in who has a right, and returns their name.
    ///
    /// # Errors
    /// 401 without a token that the cluster knows, 403 without the right, 503 if the cluster does not say.
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        right: &Right,
    ) -> Result<String, Problem> {
        let is_anonymous = !headers.contains_key(header::AUTHORIZATION);
        match self.access {
            Access::Open => return Ok(ANONYMOUS.into()),
            Access::AnonymousRead if is_anonymous && right.is_read() => return Ok(ANONYMOUS.into()),
            Access::AnonymousRead | Access::Cluster => {}
        }
        let caller = self.reviews.caller(token(headers)?).await?;
        if self.reviews.allows(&caller, right).await? {
            return Ok(caller.name().into());
        }
        Err(forbidden(caller.name(), right))
    }
}

fn forbidden(user: &str, right: &Right) -> Problem {
    let detail = format!("{user} may not {right}: {}", right.how_to_grant());
    Problem::new(Kind::Forbidden, detail)
}

fn token(headers: &HeaderMap) -> Result<&str, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let detail = "send the header `Authorization: Bearer <token>`; a Pod finds its token in /var/run/secrets/kubernetes.io/serviceaccount/token";
        return Err(Problem::new(Kind::NoToken, detail));
    };
    let text = value.to_str().unwrap_or_default();
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    };
    if token.is_empty() || token.len() > TOKEN_SIZE {
        let detail = format!(
            "the header Authorization must be `Bearer <token>`, with a token of at most {} KiB",
            TOKEN_SIZE / 1024
        );
        return Err(Problem::new(Kind::InvalidToken, detail));
    }
    Ok(token)
}
