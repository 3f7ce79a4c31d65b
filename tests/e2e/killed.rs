//! The agent is killed (SIGKILL) while it waits for the answer to one of its requests, again and again, just before
//! the API server sees the request or just after it has done it; what it left half done is put right by the next.

use reqwest::Method;
use serde_json::json;
use tidegate_testbed::fault_proxy::Seed;
use tidegate_testbed::invariants::{self, Subject};
use tidegate_testbed::{
    Access, Agent, AgentOptions, Commit, ControlPlane, Fault, FaultProxy, GitServer, Options, Rule,
    agent, wait,
};

use crate::place::{Origin, Place, is_healthy, told};
use crate::rig::{LIMIT, agent_options};

/// How often the agent is killed, and after how many kills it is let alone until all is well.
const KILLS: usize = 210;
const IN_A_ROW: usize = 14;

/// How many objects of a layer a commit changes.
const CHANGING: usize = 3;

const LAYERS: [&str; 3] = ["one", "two", "three"];

const FILE: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: NS}, data: {turn: 'TURN', same: same}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: NS, labels: {turn: 'TURN'}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: still, namespace: NS}, data: {same: same}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: last, namespace: NS, annotations: {tidegate.dev/depends-on: /namespaces/NS/ConfigMap/settings}}
data: {turn: 'TURN'}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: NS}, data: {token: b25l}}
";

/// A control plane, an agent behind a proxy, and layers that follow one repository.
struct Stage {
    places: Vec<Place>,
    agent: Agent,
    proxy: FaultProxy,
    _git: GitServer,
    control_plane: ControlPlane,
    turn: usize,
}

impl Stage {
    fn start() -> Self {
        let options = Options {
            nodes: 0,
            kwok: false,
            ..Options::default()
        };
        let control_plane = ControlPlane::start(&options).unwrap();
        agent::install(&control_plane).unwrap();
        let git = GitServer::start().unwrap();
        let origin = Origin::new(&git, "killed");
        let places = LAYERS.map(|name| Place::new(&control_plane, &origin, name));
        let connection = Agent::connection(&control_plane).unwrap();
        let proxy = FaultProxy::start(&connection).unwrap();
        let options = AgentOptions {
            access: Access::Open,
            ..agent_options()
        };
        let agent = Agent::start_through(&proxy, &options).unwrap();
        let mut stage = Self {
            places: places.into(),
            agent,
            proxy,
            _git: git,
            control_plane,
            turn: 0,
        };
        stage.push();
        for place in &stage.places {
            place.set_layer(&place.spec());
        }
        stage.settle();
        stage
    }

    fn text(&self, place: &Place) -> String {
        place.text(&FILE.replace("TURN", &format!("turn-{}", self.turn)))
    }

    /// Pushes a commit that changes every layer.
    fn push(&mut self) -> String {
        self.turn += 1;
        let commit = self
            .places
            .iter()
            .fold(Commit::on("main"), |commit, place| {
                commit.file(&format!("{}/all.yaml", place.name), self.text(place))
            });
        self.places.first().unwrap().origin.push(&commit)
    }

    /// Starts the agent anew; what the one before held of the Lease, an administrator takes away.
    fn revive(&mut self) {
        let lease = "/apis/coordination.k8s.io/v1/namespaces/tidegate-system/leases/tidegate";
        let nobody = json!({"spec": {"holderIdentity": ""}});
        self.control_plane.client().merge(lease, &nobody).unwrap();
        self.agent.start_again().unwrap();
    }

    /// Kills the agent at a request; one that needs fewer is killed when it is done.
    fn kill(&mut self, k: u64, fault: Fault) {
        self.proxy.set([Rule::at(k, fault)]);
        self.revive();
        wait::until("the request, or all to be well", LIMIT, || {
            let is_time = self.proxy.has_struck() || self.unwell().is_none();
            is_time
                .then_some(())
                .ok_or_else(|| self.unwell().unwrap_or_default())
        })
        .unwrap();
        self.agent.kill();
    }

    /// What the first layer says that is not yet at the latest commit.
    fn unwell(&self) -> Option<String> {
        let layers = self.places.iter().map(Place::layer);
        let revision = self.places.first().unwrap().head();
        let mut unwell = layers.filter(|layer| !is_healthy(layer, &revision));
        unwell.next().map(|layer| told(&layer))
    }

    /// Lets the agent work until all is well.
    fn settle(&self) {
        self.proxy.clear();
        let settled = wait::until("all layers to be healthy", LIMIT, || {
            self.unwell().map_or(Ok(()), Err)
        });
        settled.unwrap();
    }

    /// Waits until a new agent has looked at every layer.
    fn look_once(&mut self) {
        self.agent.wait_ready().unwrap();
        for place in &self.places {
            let path = format!("/api/v1/layers/{}/{}", place.namespace, place.name);
            let looked = wait::until("the layer to be looked at", LIMIT, || {
                let (_, layer) = self
                    .agent
                    .call(Method::GET, &path, None)
                    .map_err(|error| error.to_string())?;
                let is_over = layer.pointer("/run/phase") == Some(&json!("done"));
                is_over.then_some(()).ok_or_else(|| layer.to_string())
            });
            looked.unwrap();
        }
    }

    /// What is wrong with any of the layers.
    fn wrong(&self) -> Vec<String> {
        let of = |place: &Place| {
            let desired = self.text(place);
            invariants::wrong_now(&self.control_plane, &subject(place), &desired).unwrap()
        };
        self.places.iter().flat_map(of).collect()
    }
}

fn subject(place: &Place) -> Subject {
    let layer = place.layer();
    let uid = layer["metadata"]["uid"].as_str().unwrap();
    let kinds = ["configmaps", "secrets", "serviceaccounts"];
    Subject {
        namespace: place.namespace.clone(),
        inventories: agent::NAMESPACE.into(),
        uid: uid.into(),
        collections: kinds
            .map(|kind| place.text(&format!("/api/v1/namespaces/NS/{kind}")))
            .into(),
    }
}

/// What the agent wrote to the objects of all layers so far.
fn writes(stage: &Stage) -> usize {
    let log = stage.control_plane.audit().unwrap();
    let of = |place: &Place| subject(place).writes(&log).count();
    stage.places.iter().map(of).sum()
}

#[test]
fn an_agent_that_is_killed_at_any_request_leaves_nothing_that_the_next_does_not_put_right() {
    let mut seed = Seed::from_environment();
    let mut stage = Stage::start();
    stage.agent.kill();
    stage.push();
    stage.proxy.clear();
    stage.revive();
    stage.settle();
    let requests = stage.proxy.count();
    stage.agent.kill();
    println!("{KILLS} kills within {requests} requests, {seed}");
    for _ in 0..KILLS / IN_A_ROW {
        let mut kills = Vec::new();
        for turn in 0..IN_A_ROW {
            // Some find the work of several commits half done, some the same commit's once more.
            if turn % 2 == 0 {
                stage.push();
            }
            let faults = [Fault::HoldBefore, Fault::HoldAfter];
            let fault = faults[usize::try_from(seed.below(2)).unwrap()];
            let k = seed.below(requests) + 1;
            stage.kill(k, fault);
            kills.push((k, fault));
        }
        stage.proxy.clear();
        stage.revive();
        stage.settle();
        let wrong = stage.wrong();
        assert!(wrong.is_empty(), "{kills:?}: {wrong:#?}");
        stage.agent.kill();
    }
    let before = writes(&stage);
    stage.proxy.clear();
    stage.revive();
    stage.look_once();
    let (after, commits) = (writes(&stage), stage.turn);
    assert_eq!(before, after, "writes after convergence");
    let most = commits * LAYERS.len() * CHANGING * 2;
    assert!(after <= most, "{after} writes for {commits} commits");
    let log = stage.control_plane.audit().unwrap();
    let of = |place: &Place| subject(place).wrong_deletes(&log, &[]);
    let deleted: Vec<_> = stage.places.iter().flat_map(of).collect();
    assert!(deleted.is_empty(), "{deleted:#?}");
}
