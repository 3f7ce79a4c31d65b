//! The way to the dashboard that `tidegate ui` opens: through the API server, to the replica that leads.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use serde_json::json;
use tidegate_testbed::{agent, wait};

use crate::access::{account, bind, bind_role};
use crate::place::Place;
use crate::rig::{LIMIT, PROGRAM, Rig, rig, said};

const CONFIG: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
";

/// `tidegate ui`, until the test is over.
struct Ui {
    process: Child,
    url: String,
    token: String,
}

#[test]
fn who_opens_the_dashboard_is_known_and_may_what_they_may() {
    let rig = rig();
    play_the_pod(rig);
    let origin = rig.origin("ui");
    let place = rig.place(&origin, "ui");
    let revision = place.push(CONFIG);
    place.set_layer(&place.spec());
    place.until_healthy(&revision);
    account(rig, &place, "person");
    bind(&place, "person");
    bind_role(&place, "person", "tidegate-operate");

    let ui = Ui::open(rig, &format!("{}/person", place.namespace));
    let (code, page) = ui.get("/", "");
    assert_eq!(code, 200, "{page}");
    assert!(page.contains("<div id=\"app\">"), "{page}");
    let layer = format!("/api/v1/layers/{}/ui", place.namespace);
    assert_eq!(ui.get(&layer, "").0, 401);
    let suspended = wait::until("the rights to be known", LIMIT, || {
        let (code, answer) = ui.send(reqwest::Method::POST, &format!("{layer}/suspend"), "");
        (code == 204).then_some(()).ok_or(answer)
    });
    suspended.unwrap();
    let by = place.text("system:serviceaccount:NS:person");
    place.until("the history to say who it was", |layer| {
        layer["status"]["history"][0]["requestedBy"] == by
    });
    holds_an_object(&ui, &place, &layer);
    // Of other namespaces this account may see nothing.
    let (code, answer) = ui.get("/api/v1/layers", &ui.token);
    assert_eq!(code, 403, "{answer}");
}

/// Who may change an object may hold it, and nobody else.
fn holds_an_object(ui: &Ui, place: &Place, layer: &str) {
    let object = format!("core%2FConfigMap%2F{}%2Fconfig", place.namespace);
    let hold = format!("{layer}/objects/{object}/hold");
    let wanted = json!({"for": "1h", "reason": "hot fix"}).to_string();
    bind_role(place, "person", "tidegate-view");
    wait::until("the right to read to be known", LIMIT, || {
        let (_, answer) = ui.send(reqwest::Method::POST, &hold, &wanted);
        let is_read = answer.contains("may not patch configmaps config");
        is_read.then_some(()).ok_or(answer)
    })
    .unwrap();
    bind_role(place, "person", "edit");
    wait::until("the right to be known", LIMIT, || {
        let (code, answer) = ui.send(reqwest::Method::POST, &hold, &wanted);
        (code == 204).then_some(()).ok_or(answer)
    })
    .unwrap();
    let path = "/api/v1/namespaces/NS/configmaps/config";
    let annotations = place.read(path)["metadata"]["annotations"].clone();
    let reason = place.text("system:serviceaccount:NS:person: hot fix");
    assert_eq!(annotations["tidegate.dev/hold-reason"], reason);
    assert!(annotations["tidegate.dev/hold-until"].is_string());
    for (body, words) in [
        (r#"{"for": "0s"}"#, "for is not a time to come"),
        (r#"{"for": "long"}"#, "the body is"),
    ] {
        let (code, answer) = ui.send(reqwest::Method::POST, &hold, body);
        assert_eq!(code, 400, "{answer}");
        assert!(answer.contains(words), "{answer}");
    }
    let (code, answer) = ui.send(reqwest::Method::DELETE, &hold, "");
    assert_eq!(code, 204, "{answer}");
    let annotations = place.read(path)["metadata"]["annotations"].clone();
    assert!(
        annotations["tidegate.dev/hold-until"].is_null(),
        "{annotations}"
    );
}

#[test]
fn what_is_missing_is_said_before_an_address_is_printed() {
    let kubeconfig = format!(
        "--kubeconfig={}",
        rig().control_plane.kubeconfig().display()
    );
    for (arguments, words) in [
        (&["ui"][..], "the kubeconfig has no token"),
        (
            &["ui", "--account", "default/nobody"],
            "no token of default/nobody can be made",
        ),
        (
            &["ui", "--account", "default/default", "-n", "default"],
            "no agent leads in the namespace default",
        ),
    ] {
        let (code, out, error) = said(&[arguments, &[&kubeconfig]].concat());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
        assert!(error.contains(words), "{error}");
    }
}

/// Makes the Pod that the agent of the rig would run in, and answers at its ports.
fn play_the_pod(rig: &'static Rig) {
    let client = rig.control_plane.client();
    let lease = format!(
        "/apis/coordination.k8s.io/v1/namespaces/{}/leases/tidegate",
        agent::NAMESPACE
    );
    let holder = wait::until("the agent to lead", LIMIT, || {
        let lease = client.get(&lease).map_err(|error| error.to_string())?;
        let holder = lease["spec"]["holderIdentity"].as_str();
        holder.map(str::to_owned).ok_or_else(|| lease.to_string())
    });
    let holder = holder.unwrap();
    let (pod, _) = holder.rsplit_once('_').unwrap();
    let pods = format!("/api/v1/namespaces/{}/pods", agent::NAMESPACE);
    let object = json!({
        "metadata": {"name": pod},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "tidegate", "image": "example.com/tidegate:1",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    });
    client.create(&pods, &object).unwrap();
    let port = rig.control_plane.forward_port().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let agent = rig.agent.api_url().rsplit_once("//").unwrap().1.to_owned();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let there = TcpStream::connect(&agent).unwrap();
            join(socket.try_clone().unwrap(), there.try_clone().unwrap());
            join(there, socket);
        }
    });
    wait::until("the Pod to run", LIMIT, || {
        let live = client.get(&format!("{pods}/{pod}")).unwrap();
        (live["status"]["phase"] == "Running")
            .then_some(())
            .ok_or_else(|| live.to_string())
    })
    .unwrap();
}

/// Carries what one side says to the other.
fn join(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        // A side that has gone ends it.
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(std::net::Shutdown::Write));
    });
}

impl Ui {
    #[expect(
        clippy::disallowed_methods,
        reason = "it goes on while the test uses what it has opened"
    )]
    fn open(rig: &Rig, account: &str) -> Self {
        let kubeconfig = format!("--kubeconfig={}", rig.control_plane.kubeconfig().display());
        let mut process = std::process::Command::new(PROGRAM)
            .args(["ui", "--account", account, &kubeconfig])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let (url, token) = line.trim().split_once("/#token=").unwrap();
        Self {
            process,
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    fn get(&self, path: &str, token: &str) -> (u16, String) {
        let mut request = http().get(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    }

    fn send(&self, method: reqwest::Method, path: &str, body: &str) -> (u16, String) {
        let request = http().request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token).body(body.to_owned());
        let answer = request.send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    }
}

impl Drop for Ui {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn http() -> reqwest::blocking::Client {
    // One provider for the process: whoever else has set it, it is the same.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    reqwest::blocking::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
}
