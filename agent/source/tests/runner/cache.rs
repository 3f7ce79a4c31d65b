//! What stays on disk, and what is asked again.

use tidegate_source::Credentials;
use tidegate_testbed::{Commit, GitServer, Route};

use super::rig::{Rig, main_of, text};

#[test]
fn another_process_finds_what_an_earlier_one_fetched_and_asks_for_leave_again() {
    let mut server = GitServer::start().unwrap();
    let repository = server.create("platform").unwrap();
    repository.push(&Commit::on("main").file("a", "1")).unwrap();
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let open = Credentials::default();
    let rig = Rig::new();
    let revision = rig.resolve(&spec, &open).unwrap();
    rig.repositories.tree(&spec, &open, &revision).unwrap();

    let rig = rig.reopened();
    server.stop();
    let refused = rig.repositories.tree(&spec, &open, &revision);
    assert_eq!(refused.unwrap_err().reason(), "Unreachable");
    server.restart().unwrap();
    let before = server.requests().unwrap().len();
    let tree = rig.repositories.tree(&spec, &open, &revision).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("1"));
    let asked = server.requests().unwrap().len() - before;
    assert_eq!(asked, 1, "one listing, and no fetch");
}
