//! The dashboard: the files that `agent/dashboard` builds, as they are committed. They hold no data, so anybody gets
//! them; what they show comes from the API, which asks who reads it.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// Path, media type, content.
type File = (&'static str, &'static str, &'static [u8]);

#[rustfmt::skip]
const FILES: [File; 5] = [
    ("/", "text/html; charset=utf-8", include_bytes!("../../dashboard/dist/index.html")),
    ("/dashboard.js", "text/javascript; charset=utf-8", include_bytes!("../../dashboard/dist/dashboard.js")),
    ("/dashboard.css", "text/css; charset=utf-8", include_bytes!("../../dashboard/dist/dashboard.css")),
    ("/icon.svg", "image/svg+xml", include_bytes!("../../dashboard/dist/icon.svg")),
    ("/licenses.md", "text/markdown; charset=utf-8", include_bytes!("../../dashboard/dist/licenses.md")),
];

/// What the page may do: run these files, and ask this server.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
);
/// Kept, but asked for each time: after an update of the agent the old page is not shown.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

/// Returns the routes of the dashboard's files.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new();
    for (path, media, content) in FILES {
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(content)));
        let answer = move |headers: HeaderMap| async move { file(&headers, &tag, media, content) };
        router = router.route(path, get(answer));
    }
    router
}

fn file(asked: &HeaderMap, tag: &str, media: &'static str, content: &'static [u8]) -> Response {
    let known = asked.get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, CACHING),
    ];
    let tag = [(header::ETAG, tag.to_owned())];
    if is_known {
        return (StatusCode::NOT_MODIFIED, headers, tag).into_response();
    }
    let media = [(header::CONTENT_TYPE, media)];
    (headers, tag, media, content).into_response()
}
