//! The dashboard's files.

use reqwest::Method;
use reqwest::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};

use crate::rig::{Rig, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_all_that_it_names_are_served() {
    let rig = Rig::start(Setup::default()).await;
    let page = rig.get("/").await;
    assert_eq!(page.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    let named = page.split('"').filter_map(|word| word.strip_prefix("./"));
    let named: Vec<&str> = named.collect();
    assert!(named.len() >= 3, "{named:?}");
    for name in named {
        let answer = rig.get(&format!("/{name}")).await;
        assert_eq!(answer.status(), 200, "{name}");
        assert!(!answer.bytes().await.unwrap().is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_may_run_nothing_but_its_own_files() {
    let rig = Rig::start(Setup::default()).await;
    let page = rig.get("/").await;
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    let page = page.text().await.unwrap();
    assert!(
        !page.contains("<style") && !page.contains("style="),
        "{page}"
    );
    for script in page.split("<script").skip(1) {
        assert!(script.contains("src=\"./"), "an inline script: {script}");
    }
    let data = rig.get("/api/v1/layers").await;
    let policy = &data.headers()[CONTENT_SECURITY_POLICY];
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(data.headers()[CACHE_CONTROL], "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_browser_has_is_not_sent_again() {
    let rig = Rig::start(Setup::default()).await;
    let first = rig.get("/dashboard.js").await;
    assert_eq!(first.headers()[CACHE_CONTROL], "no-cache");
    let tag = first.headers()[ETAG].clone();
    let again = rig.request(Method::GET, "/dashboard.js");
    let again = again.header(IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
    let other = rig.request(Method::GET, "/dashboard.js");
    let other = other.header(IF_NONE_MATCH, "\"old\"").send().await.unwrap();
    assert_eq!(other.status(), 200);
}
