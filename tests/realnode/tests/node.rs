//! The node by itself: pods, names and Services work, nothing gets out, and nothing is left of it.
#![cfg(test)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tidegate_realnode::{Node, images};
use tidegate_testbed::{program, wait};

const LIMIT: Duration = Duration::from_secs(120);
const PODS: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: server, labels: {app: server}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: redis
    image: localhost/redis:7.0
    args: [--save, "", --protected-mode, "no"]
    readinessProbe: {tcpSocket: {port: 6379}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: server}
spec: {selector: {app: server}, ports: [{port: 80, targetPort: 6379}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: client
    image: localhost/redis:7.0
    command: [sleep, infinity]
    resources: {limits: {memory: 64Mi, cpu: 100m}}
"#;

#[test]
#[ignore = "starts a real node: make e2e"]
fn pods_reach_each_other_by_name_and_nothing_outside() {
    let node = Node::start().unwrap();
    node.import(&images::redis().unwrap()).unwrap();
    let cluster = node.control_plane();
    cluster.apply(PODS).unwrap();
    let ready = ["wait", "--for=condition=Ready", "--timeout=120s"];
    cluster
        .kubectl(&[&ready[..], &["pod/server", "pod/client"]].concat())
        .unwrap();
    let inside = |command: &str| cluster.kubectl(&["exec", "client", "--", "bash", "-c", command]);

    let by_name = "redis-cli -h server.default.svc.cluster.local -p 80 ping";
    wait::until("the name of the Service", LIMIT, || match inside(by_name) {
        Ok(answer) if answer.trim() == "PONG" => Ok(()),
        Ok(answer) => Err(answer),
        Err(error) => Err(error.to_string()),
    })
    .unwrap();
    assert!(
        cluster
            .kubectl(&["logs", "server"])
            .unwrap()
            .contains("Ready to accept connections")
    );

    // This machine reaches the Service, too.
    let address = cluster
        .kubectl(&[
            "get",
            "service",
            "server",
            "--output=jsonpath={.spec.clusterIP}",
        ])
        .unwrap();
    let mut stream = TcpStream::connect((address.as_str(), 80)).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");

    // An address that is nobody's, for documentation.
    let error = inside("exec 3<>/dev/tcp/192.0.2.1/80")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("unreachable") || error.contains("No route to host"),
        "{error}"
    );
}

#[test]
#[ignore = "starts a real node: make e2e"]
fn nothing_is_left_of_a_node_whose_holder_is_killed() {
    let mut command = program::command(env!("CARGO_BIN_EXE_tidegate-realnode"));
    command
        .arg("up")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut holder = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let kubeconfig = line.trim().split_once('=').expect(&line).1;
    let folder = Path::new(kubeconfig).parent().unwrap();
    assert!(!traces(folder).is_empty(), "the node has left no trace yet");

    holder.kill().unwrap();
    holder.wait().unwrap();
    wait::until("the end of the node", LIMIT, || {
        let left = traces(folder);
        if left.is_empty() {
            return Ok(());
        }
        Err(left.join("\n"))
    })
    .unwrap();
}

/// What there is of a node: its folder, its interface, control groups, mounts and processes.
fn traces(folder: &Path) -> Vec<String> {
    let mut traces = Vec::new();
    for path in [folder, Path::new("/sys/class/net/tidegate-node")] {
        if path.exists() {
            traces.push(path.display().to_string());
        }
    }
    for hierarchy in fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
        let group = hierarchy.path().join("tidegate-node");
        if group.exists() {
            traces.push(group.display().to_string());
        }
    }
    let name = folder.to_string_lossy();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = mounts.lines().filter(|line| line.contains(&*name));
    traces.extend(mounts.map(str::to_owned));
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).into_owned();
        let is_guardian = arguments.contains("tidegate-guardian");
        if !is_guardian && (arguments.contains(&*name) || arguments.contains("/run/node")) {
            traces.push(arguments.replace('\0', " "));
        }
    }
    traces
}
