//! A run is cut at every request that it makes, just before the server sees it and just after the server has done it;
//! then the same engine goes on, or another one takes its place.
//!
//! `TIDEGATE_FAULT_CASES=all` runs every case; otherwise a sample by the seed that a failure prints.

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use tempfile::TempDir;
use tidegate_sync::{Engine, Outcome};
use tidegate_testbed::fault_proxy::{Schedule, Seed};
use tidegate_testbed::invariants::{self, Subject};
use tidegate_testbed::{ControlPlane, Fault, FaultProxy, Rule, wait};

use crate::world::{LIMIT, Tenant, describe, engine};

/// How many cases of the cut and of chance a test without `all` runs.
const SAMPLE: usize = 40;
const CHANCES: u64 = 9;
/// How many cases go on at the same time.
const LANES: usize = 4;
/// The most writes of a case: three steps of six objects, each object twice.
const MOST_WRITES: usize = 36;
/// How often a controller would try again.
const TRIES: usize = 8;

const CREATED: &str = "
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: NS}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: NS}, data: {mode: first, same: same}}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: NS}, data: {token: b25l}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: last
  namespace: NS
  annotations: {tidegate.dev/depends-on: '/namespaces/NS/ConfigMap/settings,/namespaces/NS/Service/web'}
data: {turn: '1'}
";

const CHANGED: &str = "
{apiVersion: v1, kind: ServiceAccount, metadata: {name: app, namespace: NS, labels: {tier: web}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: NS}, data: {mode: second, same: same}}
---
{apiVersion: v1, kind: Secret, metadata: {name: token, namespace: NS}, data: {token: dHdv}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: NS}
spec: {selector: {app: web}, ports: [{name: http, port: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: last
  namespace: NS
  annotations: {tidegate.dev/depends-on: '/namespaces/NS/ConfigMap/settings,/namespaces/NS/Service/web'}
data: {turn: '2'}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: added, namespace: NS}, data: {new: 'yes'}}
";

/// What is brought to the cluster, one after the other; the last is what is cut.
#[derive(Clone, Copy)]
struct Scenario {
    name: &'static str,
    steps: &'static [&'static str],
    /// What its steps take away.
    may_go: &'static [&'static str],
}

const SCENARIOS: [Scenario; 4] = [
    Scenario {
        name: "create",
        steps: &[CREATED],
        may_go: &[],
    },
    Scenario {
        name: "change",
        steps: &[CREATED, CHANGED],
        may_go: &[],
    },
    Scenario {
        name: "prune",
        steps: &[CHANGED, CREATED],
        may_go: &["configmaps/added"],
    },
    Scenario {
        name: "bring back",
        steps: &[CHANGED, CREATED, CHANGED],
        may_go: &["configmaps/added"],
    },
];

/// What happens after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// The same engine goes on.
    GoesOn,
    /// Its process is gone, and another begins.
    Dies,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    scenario: Scenario,
    k: u64,
    fault: Fault,
    life: Life,
}

impl Case {
    fn all(scenario: Scenario, requests: u64) -> Vec<Self> {
        let of = |k| {
            [
                (Fault::CutBefore, Life::GoesOn),
                (Fault::CutAfter, Life::GoesOn),
                (Fault::HoldBefore, Life::Dies),
                (Fault::HoldAfter, Life::Dies),
            ]
            .map(|(fault, life)| Self {
                scenario,
                k,
                fault,
                life,
            })
        };
        (1..=requests).flat_map(of).collect()
    }
}

/// What is wrong in the end of a case.
struct Verdict {
    subject: Subject,
    scenario: Scenario,
    wrong: Vec<String>,
}

/// A proxy, and engines behind it.
struct Lane {
    control_plane: &'static ControlPlane,
    proxy: FaultProxy,
    kubeconfig: PathBuf,
    _folder: TempDir,
}

/// A case's namespace.
struct Stage<'a> {
    lane: &'a Lane,
    tenant: Tenant,
    subject: Subject,
}

impl Lane {
    fn new() -> Self {
        let control_plane = ControlPlane::shared();
        let proxy = FaultProxy::start(control_plane.connection()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let kubeconfig = folder.path().join("kubeconfig");
        proxy.write_kubeconfig(&kubeconfig).unwrap();
        Self {
            control_plane,
            proxy,
            kubeconfig,
            _folder: folder,
        }
    }

    fn stage(&self, scenario: Scenario) -> Stage<'_> {
        let tenant = Tenant::new(self.control_plane, "cut");
        tenant.allow_everything(self.control_plane);
        let namespace = tenant.namespace.clone();
        let collections = ["configmaps", "secrets", "services", "serviceaccounts"];
        let collections = collections.map(|kind| format!("/api/v1/namespaces/{namespace}/{kind}"));
        let subject = Subject {
            inventories: namespace.clone(),
            uid: tenant.owner.uid.clone(),
            collections: collections.into(),
            namespace,
        };
        let mut stage = Stage {
            lane: self,
            tenant,
            subject,
        };
        stage.begin();
        let (_, before) = scenario.steps.split_last().unwrap();
        for step in before {
            stage.bring(step).unwrap();
        }
        stage
    }

    /// The number of requests of the last step without a fault.
    fn measure(&self, scenario: Scenario) -> u64 {
        let mut stage = self.stage(scenario);
        stage.begin();
        self.proxy.clear();
        stage.bring(scenario.last()).unwrap();
        self.proxy.count()
    }

    fn run(&self, case: Case) -> Verdict {
        let mut stage = self.stage(case.scenario);
        stage.begin();
        self.proxy.set([Rule::at(case.k, case.fault)]);
        let ended = match case.life {
            Life::GoesOn => stage.bring(case.scenario.last()),
            Life::Dies => stage.die(case.scenario.last()),
        };
        stage.verdict(case.scenario, ended)
    }

    /// Lets chance strike a whole scenario.
    fn take_chances(&self, seed: Seed, scenario: Scenario) -> Verdict {
        let mut stage = self.stage(scenario);
        stage.begin();
        self.proxy.clear();
        self.proxy.set_schedule(Schedule::new(seed, 6));
        let order = stage.tenant.order(scenario.last());
        // It may fail: what is refused for good is told, and tried again by a later run.
        for _ in 0..3 {
            stage.tenant.run(order.clone());
        }
        self.proxy.clear();
        self.proxy.cut_watches();
        let ended = stage.bring(scenario.last());
        stage.verdict(scenario, ended)
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Scenario {
    fn last(&self) -> &'static str {
        self.steps.last().unwrap()
    }
}

impl Stage<'_> {
    /// Begins a new life: an engine that knows nothing.
    fn begin(&mut self) {
        self.tenant.engine = self.engine();
    }

    fn engine(&self) -> Engine {
        engine(&self.lane.kubeconfig, &self.tenant.namespace)
    }

    /// Runs until all is well, as often as a controller would.
    fn bring(&self, yaml: &str) -> Result<(), String> {
        let mut last = String::new();
        for _ in 0..TRIES {
            let run = self.tenant.apply(yaml);
            if run.outcome == Some(Outcome::Healthy) {
                return Ok(());
            }
            last = describe(&run);
        }
        Err(format!("I3: never healthy: {last}"))
    }

    /// Dies at the request that is held, and lets another engine begin.
    fn die(&mut self, yaml: &str) -> Result<(), String> {
        let going = self.tenant.start(self.tenant.order(yaml));
        // Answers that come in another order may need fewer requests.
        let struck = || (self.lane.proxy.has_struck() || going.is_over()).then_some(());
        let died = wait::until("the request", LIMIT, || struck().ok_or_else(String::new));
        died.map_err(|error| error.to_string())?;
        going.abort();
        self.begin();
        self.lane.proxy.clear();
        self.bring(yaml)
    }

    /// What is wrong in the end.
    fn verdict(&self, scenario: Scenario, ended: Result<(), String>) -> Verdict {
        let desired = self.tenant.text(scenario.last());
        let mut wrong =
            invariants::wrong_now(self.lane.control_plane, &self.subject, &desired).unwrap();
        wrong.extend(ended.err());
        self.lane.proxy.clear();
        wrong.extend(self.bring(scenario.last()).err());
        let writes = self.lane.proxy.seen();
        let writes = writes.iter().filter(|seen| seen.is_write());
        wrong.extend(
            writes.map(|write| format!("I5: {} {} after convergence", write.method, write.uri)),
        );
        Verdict {
            subject: self.subject.clone(),
            scenario,
            wrong,
        }
    }
}

/// Runs cases in lanes, and answers what is wrong with each.
fn run_all<C: Copy + Send + std::fmt::Debug>(
    cases: Vec<C>,
    run: impl Fn(&Lane, C) -> Verdict + Sync,
) -> Vec<(String, Verdict)> {
    let queue = Mutex::new(cases.into_iter());
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                let lane = Lane::new();
                loop {
                    let Some(case) = queue.lock().unwrap().next() else {
                        return;
                    };
                    let verdict = run(&lane, case);
                    results.lock().unwrap().push((format!("{case:?}"), verdict));
                }
            });
        }
    });
    results.into_inner().unwrap()
}

/// Chooses a sample of cases by a seed, or all of them if that is asked for.
fn sample(mut cases: Vec<Case>, mut seed: Seed) -> Vec<Case> {
    if wants_all() {
        return cases;
    }
    let mut chosen = Vec::new();
    while chosen.len() < SAMPLE && !cases.is_empty() {
        let index = seed.below(cases.len() as u64);
        chosen.push(cases.swap_remove(usize::try_from(index).unwrap()));
    }
    chosen
}

fn wants_all() -> bool {
    std::env::var("TIDEGATE_FAULT_CASES").is_ok_and(|cases| cases == "all")
}

/// Fails with what is wrong with any of the results; every write counts, and no delete is right but those named.
fn assert_nothing_wrong(seed: Seed, results: Vec<(String, Verdict)>) {
    let log = ControlPlane::shared().audit().unwrap();
    let judged = results.into_iter().map(|(case, verdict)| {
        let Verdict {
            subject,
            scenario,
            mut wrong,
        } = verdict;
        wrong.extend(subject.wrong_deletes(&log, scenario.may_go));
        wrong.extend(subject.waste(&log, MOST_WRITES));
        (case, wrong)
    });
    let failures: Vec<_> = judged.filter(|(_, wrong)| !wrong.is_empty()).collect();
    assert!(failures.is_empty(), "{seed}\n{failures:#?}");
}

#[test]
fn a_run_that_is_cut_at_any_request_ends_as_one_that_was_not() {
    let seed = Seed::from_environment();
    let lane = Lane::new();
    let all = SCENARIOS.map(|scenario| Case::all(scenario, lane.measure(scenario)));
    let all = all.concat();
    let (count, cases) = (all.len(), sample(all, seed));
    println!("{} of {count} cases, {seed}", cases.len());
    assert_nothing_wrong(seed, run_all(cases, Lane::run));
}

#[test]
fn runs_that_are_struck_by_chance_end_as_those_that_were_not() {
    let seed = Seed::from_environment();
    let count = if wants_all() { 40 * CHANCES } else { CHANCES };
    println!("{count} cases, {seed}");
    let scenario = |index: u64| SCENARIOS[usize::try_from(index).unwrap() % SCENARIOS.len()];
    let cases = (0..count).map(|index| (seed.part(index), scenario(index)));
    let results = run_all(cases.collect(), |lane, (seed, scenario)| {
        lane.take_chances(seed, scenario)
    });
    assert_nothing_wrong(seed, results);
}
