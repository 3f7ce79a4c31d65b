//! Nothing is left of a rig, however its owner ends.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tidegate_testbed::{Component, ControlPlane, GitServer, Options, SshServer, wait};

const LIMIT: Duration = Duration::from_secs(120);
const REPORT: &str = "TESTBED_ENDING_REPORT";

#[test]
fn a_killed_owner_leaves_no_process_and_no_folder() {
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut owner = helper("owner_of_servers", (REPORT, report.path()));
    let folders = wait::until("the owner to start its servers", LIMIT, || {
        let text = fs::read_to_string(report.path()).unwrap();
        if let Some(status) = owner.try_wait().unwrap() {
            return Err(format!("the owner ended: {status}"));
        }
        let folders = text.strip_suffix("ready\n").ok_or("not ready")?;
        Ok(folders.lines().map(PathBuf::from).collect::<Vec<_>>())
    })
    .unwrap();
    assert_eq!(folders.len(), 3);
    let running = folders
        .iter()
        .map(|folder| processes(folder).len())
        .sum::<usize>();
    assert!(
        running >= 7,
        "only {running} processes name the folders {folders:?}"
    );
    owner.kill().unwrap();
    owner.wait().unwrap();
    for folder in folders {
        wait_until_gone(&folder);
    }
}

#[test]
fn a_panic_leaves_no_process_and_no_folder() {
    let panic = std::panic::catch_unwind(|| {
        let server = GitServer::start().unwrap();
        let folder = git_folder(&server);
        assert_ne!(processes(&folder), Vec::<String>::new());
        std::panic::panic_any(folder);
    });
    let folder = panic.unwrap_err().downcast::<PathBuf>().unwrap();
    assert_eq!(processes(&folder), Vec::<String>::new());
    assert!(!folder.exists());
}

#[test]
#[ignore = "only the owner that another test starts and kills"]
fn owner_of_servers() {
    let report = PathBuf::from(std::env::var_os(REPORT).unwrap());
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let git = GitServer::start().unwrap();
    let ssh = SshServer::start().unwrap();
    let folders = [
        control_plane.kubeconfig().parent().unwrap().to_owned(),
        git_folder(&git),
        ssh.folder().to_owned(),
    ];
    let lines: String = folders
        .iter()
        .map(|folder| folder.display().to_string() + "\n")
        .collect();
    fs::write(report, lines + "ready\n").unwrap();
    loop {
        std::thread::park();
    }
}

#[test]
fn a_cluster_that_is_there_is_used_and_left_as_it_is() {
    let control_plane = ControlPlane::start(&Options::default()).unwrap();
    let kubeconfig = control_plane.kubeconfig();
    let mut user = helper(
        "user_of_a_borrowed_cluster",
        ("TIDEGATE_KUBECONFIG", kubeconfig),
    );
    assert!(user.wait().unwrap().success());
    assert_eq!(
        control_plane.client().get("/version").unwrap()["gitVersion"],
        "v1.36.3"
    );
}

#[test]
#[ignore = "only the process that another test starts with TIDEGATE_KUBECONFIG"]
fn user_of_a_borrowed_cluster() {
    let mut borrowed = ControlPlane::start(&Options::default()).unwrap();
    let namespace = borrowed.new_namespace("borrowed").unwrap();
    assert!(borrowed.kubectl(&["get", "namespace", &namespace]).is_ok());
    let message = borrowed.kill(Component::ApiServer).unwrap_err().to_string();
    assert!(message.contains("unset TIDEGATE_KUBECONFIG"), "{message}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a helper must be a process of its own"
)]
fn helper(test: &str, (variable, value): (&str, &Path)) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test])
        .env(variable, value)
        .spawn()
        .unwrap()
}

fn git_folder(server: &GitServer) -> PathBuf {
    server
        .create("any")
        .unwrap()
        .path()
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn wait_until_gone(folder: &Path) {
    wait::until(&format!("the end of {}", folder.display()), LIMIT, || {
        let left = processes(folder);
        if !left.is_empty() {
            return Err(left.join("; "));
        }
        if folder.exists() {
            Err("the folder is still there".to_owned())
        } else {
            Ok(())
        }
    })
    .unwrap();
}

/// The command lines of all processes that name a folder or work in it.
fn processes(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let found = entries.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let works_there = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder);
        (works_there || line.contains(&*folder.to_string_lossy())).then_some(line)
    });
    found.collect()
}
