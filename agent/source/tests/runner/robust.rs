//! Whatever people and servers write: an answer or an error, and nothing worse.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate_source::{Credentials, GitUrl, Range, Reference, Revision};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_url_or_an_error_that_does_not_repeat_it(
        scheme in "(https|ssh|file|git|)(://)?",
        user in "([a-z@:%/]{0,8}@)?",
        rest in "\\PC{0,20}",
    ) {
        let text = format!("{scheme}{user}{rest}");
        if let Ok(url) = text.parse::<GitUrl>() {
            let shown = url.to_string();
            let authority = shown.split("://").nth(1).unwrap_or(&shown);
            let authority = authority.split(['/', ':']).next().unwrap_or_default();
            prop_assert!(!authority.contains('@'), "{text} is shown as {shown}");
            prop_assert!(url.scheme() == tidegate_source::Scheme::File || !url.host().is_empty());
        }
    }

    #[test]
    fn a_password_in_a_url_is_never_shown(password in "[a-z0-9%!*]{6,12}", host in "[a-z]{1,5}") {
        let text = format!("https://me:{password}@{host}/a");
        let error = text.parse::<GitUrl>().unwrap_err();
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains(&password));
    }

    #[test]
    fn any_text_is_a_range_or_an_error(text in "[0-9.xX*<>=~^!|, v\\-a-c]{0,24}") {
        if let Ok(range) = text.parse::<Range>() {
            prop_assert_eq!(range.to_string(), text);
            for tag in ["0.0.0", "v1.2.3-rc.1", "999.0.0"] {
                let _decided = range.matches(&Range::version_of(tag).unwrap());
            }
        }
    }

    #[test]
    fn any_text_is_a_ref_or_an_error(text in "\\PC{0,20}") {
        for parsed in [Reference::branch(&text), Reference::tag(&text), Reference::commit(&text)] {
            if let Err(error) = parsed {
                prop_assert!(error.to_string().contains(&text));
            }
        }
        let _parsed = (text.parse::<Revision>(), Range::version_of(&text));
    }

    #[test]
    fn any_secret_is_credentials_or_an_error_without_its_values(
        keys in prop::sample::subsequence(
            vec!["username", "password", "bearerToken", "identity", "known_hosts", "tls.crt", "tls.key", "ca.crt", "x"],
            0..6,
        ),
        value in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let value = [b"canary".as_slice(), &value].concat();
        let data: BTreeMap<_, _> = keys.into_iter().map(|key| (key.to_owned(), value.clone())).collect();
        let shown = match Credentials::from_secret(&data) {
            Ok(credentials) => format!("{credentials:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("canary"), "{shown}");
    }
}
