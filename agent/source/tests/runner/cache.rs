//! What stays on disk, what is asked again, and what happens when the disk lies.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_kustomize::Tree as _;
use tidegate_source::{CacheError, Credentials, Limits, Local, Options, Repositories};
use tidegate_testbed::{Commit, GitServer, Repository, Route};

use super::rig::{Rig, files, main_of, noise, packs, requests, secret, text};

fn served(server: &GitServer, name: &str) -> Repository {
    let repository = server.create(name).unwrap();
    push(&repository, "1");
    repository
}

fn push(repository: &Repository, content: &str) {
    let commit = Commit::on("main")
        .file("a", content)
        .file("b/c", noise(2000));
    repository.push(&commit).unwrap();
}

fn open() -> Credentials {
    Credentials::default()
}

#[test]
fn another_process_finds_what_an_earlier_one_fetched_and_asks_for_leave_again() {
    let mut server = GitServer::start().unwrap();
    let _repository = served(&server, "platform");
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let rig = Rig::new();
    let revision = rig.resolve(&spec, &open()).unwrap();
    rig.repositories.tree(&spec, &open(), &revision).unwrap();

    let rig = rig.reopened();
    server.stop();
    let refused = rig.repositories.tree(&spec, &open(), &revision);
    assert_eq!(refused.unwrap_err().reason(), "Unreachable");
    server.restart().unwrap();
    let before = requests(&server);
    let tree = rig.repositories.tree(&spec, &open(), &revision).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("1"));
    assert_eq!(requests(&server) - before, 1, "one listing, and no fetch");
}

#[test]
fn nothing_is_handed_out_to_other_credentials() {
    let server = GitServer::start().unwrap();
    let _repository = served(&server, "platform");
    let spec = main_of(&server.https_url(Route::Basic, "platform"));
    let keys = |password| {
        secret(&[
            ("ca.crt", server.authority()),
            ("username", "agent"),
            ("password", password),
        ])
    };
    let rig = Rig::new();
    let (right, wrong) = (keys(GitServer::PASSWORD), keys("wrong"));
    let revision = rig.resolve(&spec, &right).unwrap();
    rig.repositories.tree(&spec, &right, &revision).unwrap();
    let refused = rig.repositories.tree(&spec, &wrong, &revision).unwrap_err();
    assert_eq!(refused.reason(), "AuthenticationFailed");
    assert_ne!(
        rig.repositories.id(&spec, &right),
        rig.repositories.id(&spec, &wrong)
    );
}

#[test]
fn a_repository_that_is_taken_away_is_no_longer_read_from_the_cache() {
    let server = GitServer::start().unwrap();
    let repository = served(&server, "platform");
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let rig = Rig::new();
    let revision = rig.resolve(&spec, &open()).unwrap();
    rig.repositories.tree(&spec, &open(), &revision).unwrap();
    fs::rename(repository.path(), repository.path().with_extension("gone")).unwrap();
    assert_eq!(
        rig.resolve(&spec, &open()).unwrap_err().reason(),
        "RepositoryNotFound"
    );
    let refused = rig
        .repositories
        .tree(&spec, &open(), &revision)
        .unwrap_err();
    assert_eq!(refused.reason(), "RepositoryNotFound");
}

/// Fetches, does harm to the cache, and expects the next process to put it right.
fn check_harm(server: &GitServer, name: &str, harm: impl Fn(&Path, &[PathBuf])) {
    let repository = served(server, name);
    let spec = main_of(&server.http_url(Route::Open, name));
    let rig = Rig::new();
    rig.get(&spec, &open()).unwrap();
    let folder = rig.folder.path().to_owned();
    harm(&folder, &files(&folder));
    let rig = rig.reopened();
    let tree = rig.get(&spec, &open());
    // What is damaged below the folders shows only when it is read; then the next fetch is anew.
    let read = tree.unwrap().read("b/c");
    if read.is_err() {
        let tree = rig.get(&spec, &open()).unwrap();
        assert_eq!(
            tree.read("b/c").unwrap().as_deref(),
            Some(noise(2000).as_slice())
        );
    }
    push(&repository, "2");
    let tree = rig.get(&spec, &open()).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("2"));
    assert_eq!(
        tree.read("b/c").unwrap().as_deref(),
        Some(noise(2000).as_slice())
    );
}

fn of<'a>(files: &'a [PathBuf], end: &str) -> &'a PathBuf {
    let mut files = files.iter();
    files
        .find(|file| file.to_string_lossy().ends_with(end))
        .unwrap()
}

fn overwrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    // Packs are read-only.
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_cache_is_thrown_away_and_fetched_anew() {
    let server = GitServer::start().unwrap();
    let check = |name: &str, harm: &dyn Fn(&Path, &[PathBuf])| check_harm(&server, name, harm);
    let pack = |change: fn(&mut Vec<u8>)| {
        move |_: &Path, files: &[PathBuf]| overwrite(of(files, ".pack"), change)
    };
    check("short", &pack(|bytes| bytes.truncate(100)));
    check("end", &pack(|bytes| bytes[300..].fill(7)));
    check("zeros", &pack(|bytes| bytes[12..].fill(0)));
    let index = |_: &Path, files: &[PathBuf]| overwrite(of(files, ".idx"), |bytes| bytes.fill(0));
    check("index", &index);
    let config =
        |_: &Path, files: &[PathBuf]| overwrite(of(files, "config"), |bytes| bytes.fill(b'['));
    check("config", &config);
    for (name, end) in [("no-index", ".idx"), ("no-head", "HEAD")] {
        check(name, &|_, files| fs::remove_file(of(files, end)).unwrap());
    }
    check("locks", &|folder, files| {
        // A process that was killed while it wrote.
        for file in files.iter().filter(|file| file.starts_with(folder)) {
            let mut lock = file.clone().into_os_string();
            lock.push(".lock");
            fs::write(lock, "").unwrap();
        }
    });
    check("all-gone", &|folder, _| {
        for entry in fs::read_dir(folder)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_dir())
        {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    });
    check("left-over", &|folder, _| {
        for entry in fs::read_dir(folder)
            .unwrap()
            .flatten()
            .filter(|entry| entry.path().is_dir())
        {
            // A process that was killed while it made one, and an older one that was left over.
            fs::create_dir_all(entry.path().join("2.new/objects")).unwrap();
            fs::create_dir_all(entry.path().join("0")).unwrap();
        }
    });
}

#[test]
fn many_packs_become_one_and_readers_notice_nothing() {
    let server = GitServer::start().unwrap();
    let repository = served(&server, "platform");
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let rig = Rig::within(Limits {
        packs: 3,
        ..Limits::default()
    });
    let first = rig.get(&spec, &open()).unwrap();
    first.keep("layer-uid/applied").unwrap();
    let mut most = 0;
    for number in 2..10 {
        push(&repository, &number.to_string());
        let tree = rig.get(&spec, &open()).unwrap();
        assert_eq!(text(&tree, "a"), Some(number.to_string()));
        drop(tree);
        most = most.max(packs(rig.folder.path()).count);
    }
    // Those of the first reader, and those of the newest.
    assert!(most <= 4 + 4, "{most} packs");
    assert_eq!(text(&first, "a").as_deref(), Some("1"));
    drop(first);

    let kept = main_of(&server.http_url(Route::Open, "platform"));
    let before = requests(&server);
    let revision = rig.resolve(&kept, &open()).unwrap();
    rig.repositories.tree(&kept, &open(), &revision).unwrap();
    assert_eq!(
        requests(&server) - before,
        1,
        "what is current is still there"
    );
    assert!(
        packs(rig.folder.path()).count <= 4,
        "{:?}",
        packs(rig.folder.path())
    );
}

#[test]
fn a_kept_commit_survives_packing() {
    let server = GitServer::start().unwrap();
    let repository = served(&server, "platform");
    let spec = main_of(&server.http_url(Route::Open, "platform"));
    let rig = Rig::within(Limits {
        packs: 1,
        ..Limits::default()
    });
    let old = rig.resolve(&spec, &open()).unwrap();
    let tree = rig.repositories.tree(&spec, &open(), &old).unwrap();
    tree.keep("layer-uid/applied").unwrap();
    for number in 2..6 {
        push(&repository, &number.to_string());
        rig.get(&spec, &open()).unwrap();
    }
    let tree = rig.repositories.tree(&spec, &open(), &old).unwrap();
    assert_eq!(text(&tree, "a").as_deref(), Some("1"));
}

#[test]
fn the_folder_stays_below_its_limit_and_readers_keep_what_they_read() {
    let server = GitServer::start().unwrap();
    let rig = Rig::within(Limits {
        cache_bytes: 300_000,
        ..Limits::default()
    });
    let mut trees = Vec::new();
    for number in 0..4 {
        let name = format!("platform-{number}");
        let repository = server.create(&name).unwrap();
        let commit = Commit::on("main").file("noise", noise(100_000 + number));
        repository.push(&commit).unwrap();
        let spec = main_of(&server.http_url(Route::Open, &name));
        trees.push(rig.get(&spec, &open()).unwrap());
    }
    // What had to go, and is still read, is fetched again beside it.
    let first = main_of(&server.http_url(Route::Open, "platform-0"));
    let again = rig.get(&first, &open()).unwrap();
    for (number, tree) in trees.iter().enumerate() {
        assert_eq!(tree.read("noise").unwrap().unwrap().len(), 100_000 + number);
    }
    trees.clear();
    assert_eq!(again.read("noise").unwrap().unwrap().len(), 100_000);
    let bytes = packs(rig.folder.path()).bytes;
    assert!(bytes < 300_000, "{bytes} bytes");
    let before = requests(&server);
    rig.get(&first, &open()).unwrap();
    assert_eq!(requests(&server) - before, 1, "what was used last stays");
}

#[test]
fn what_nobody_asks_for_goes() {
    let server = GitServer::start().unwrap();
    let _repositories = ["old", "new"].map(|name| served(&server, name));
    let rig = Rig::within(Limits {
        unused: Duration::ZERO,
        ..Limits::default()
    });
    let specs = ["old", "new"].map(|name| main_of(&server.http_url(Route::Open, name)));
    rig.get(&specs[0], &open()).unwrap();
    rig.get(&specs[1], &open()).unwrap();
    assert_eq!(packs(rig.folder.path()).count, 1);
    rig.get(&specs[0], &open()).unwrap();
}

#[test]
fn one_folder_serves_one_process() {
    let rig = Rig::new();
    let options = Options {
        folder: rig.folder.path().to_owned(),
        local: Local::Refused,
        limits: Limits::default(),
    };
    let refused = Repositories::open(options.clone());
    assert!(matches!(refused, Err(CacheError::InUse(_))), "{refused:?}");
    let file = rig.folder.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = Repositories::open(Options {
        folder: file.clone(),
        ..options
    });
    let error = refused.unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
}

#[test]
fn nobody_elses_configuration_is_read() {
    let _rig = Rig::new();
    for found in [
        git2::Config::find_global(),
        git2::Config::find_system(),
        git2::Config::find_xdg(),
    ] {
        assert!(found.is_err(), "{found:?}");
    }
}

#[test]
fn many_readers_and_fetches_at_once_disturb_nobody() {
    let server = GitServer::start().unwrap();
    let names = ["one", "two", "three"];
    let repositories = names.map(|name| served(&server, name));
    // Too small for anything: each fetch evicts or packs what others read.
    let rig = Rig::within(Limits {
        packs: 1,
        cache_bytes: 1,
        ..Limits::default()
    });
    std::thread::scope(|scope| {
        for repository in &repositories {
            scope.spawn(|| (2..8).for_each(|number| push(repository, &number.to_string())));
        }
        for name in names.into_iter().chain(names) {
            let (rig, server) = (&rig, &server);
            scope.spawn(move || {
                let spec = main_of(&server.http_url(Route::Open, name));
                for _ in 0..15 {
                    let tree = match rig.get(&spec, &open()) {
                        Ok(tree) => tree,
                        // A push came between listing and fetch.
                        Err(error) => {
                            assert_eq!(error.reason(), "ReferenceMoved", "{error}");
                            continue;
                        }
                    };
                    let read = tree.read("b/c").unwrap();
                    assert_eq!(read.as_deref(), Some(noise(2000).as_slice()));
                }
            });
        }
    });
}
