//! The proxy before the API server: what it does to requests, seen from both sides.

use serde_json::{Value, json};
use tidegate_testbed::fault_proxy::{REFUSALS, Schedule, Seed};
use tidegate_testbed::{Client, ControlPlane, Error, Fault, FaultProxy, Rule, Which};

struct Stage {
    proxy: FaultProxy,
    through: Client,
    direct: &'static Client,
    path: String,
}

impl Stage {
    fn new() -> Self {
        let control_plane = ControlPlane::shared();
        let proxy = FaultProxy::start(control_plane.connection()).unwrap();
        let namespace = control_plane.new_namespace("faults").unwrap();
        Self {
            through: Client::new(proxy.connection()).unwrap(),
            direct: control_plane.client(),
            path: format!("/api/v1/namespaces/{namespace}/configmaps"),
            proxy,
        }
    }

    fn create(&self, name: &str) -> Result<Value, Error> {
        self.through
            .create(&self.path, &json!({"metadata": {"name": name}}))
    }

    fn exists(&self, name: &str) -> bool {
        self.direct.get(&format!("{}/{name}", self.path)).is_ok()
    }

    /// What a new client is told, and whether the server has done it.
    fn told(&self, name: &str, fault: Fault) -> (Option<u16>, bool) {
        self.proxy.set([Rule::at(1, fault)]);
        let told = match self.create(name) {
            Ok(_) => Some(201),
            Err(Error::Api { code, .. }) => Some(code),
            Err(_) => None,
        };
        (told, self.exists(name))
    }
}

#[test]
fn a_fault_strikes_one_request_and_the_server_has_done_it_or_not() {
    let stage = Stage::new();
    let pause = Fault::Delay(std::time::Duration::from_millis(1));
    for (name, fault, expected) in [
        ("before", Fault::CutBefore, (None, false)),
        ("after", Fault::CutAfter, (None, true)),
        ("twice", Fault::Twice, (Some(409), true)),
        ("delayed", pause, (Some(201), true)),
        ("refused", Fault::Refuse(REFUSALS[0]), (Some(401), false)),
    ] {
        assert_eq!(stage.told(name, fault), expected, "{fault:?}");
        assert!(stage.create(&format!("{name}-next")).is_ok(), "{fault:?}");
        assert_eq!(stage.proxy.count(), 2);
    }
}

#[test]
fn a_rule_counts_the_requests_that_it_is_about() {
    let stage = Stage::new();
    let which = Which::Like("POST", "configmaps".into());
    stage.proxy.set([Rule {
        which,
        from: 2,
        times: 2,
        fault: Fault::Refuse(REFUSALS[4]),
    }]);
    let told = ["a", "b", "c", "d"].map(|name| {
        assert!(stage.through.get(&stage.path).is_ok());
        stage.create(name).is_ok()
    });
    assert_eq!(told, [true, false, false, true]);
}

#[test]
fn a_request_is_held_until_the_rules_change() {
    let stage = Stage::new();
    for (name, fault, is_done) in [
        ("held-before", Fault::HoldBefore, false),
        ("held-after", Fault::HoldAfter, true),
    ] {
        stage.proxy.set([Rule::at(1, fault)]);
        let answer = std::thread::scope(|scope| {
            let asking = scope.spawn(|| stage.create(name));
            stage.proxy.wait_until_struck().unwrap();
            assert!(!asking.is_finished());
            assert_eq!(stage.exists(name), is_done);
            stage.proxy.clear();
            asking.join().unwrap()
        });
        assert!(answer.is_err());
    }
}

#[test]
fn watches_pass_through_and_can_be_cut_expired_and_stalled() {
    let stage = Stage::new();
    let watch = format!("{}?watch=true", stage.path);
    let name = |event: &Value| event.pointer("/object/metadata/name").cloned();
    let mut events = stage.through.watch(&watch).unwrap();
    stage.create("first").unwrap();
    let first = events
        .by_ref()
        .find(|event| name(event) == Some(json!("first")));
    assert_eq!(first.unwrap()["type"], "ADDED");
    stage.proxy.expire_watches();
    let last = events.last().unwrap();
    assert_eq!(last.pointer("/object/code"), Some(&json!(410)));
    // The connection of the expired watch may be taken once more before its end is seen.
    let mut again = (0..5).filter_map(|_| stage.through.watch(&watch).ok());
    let events = again.next().unwrap();
    stage.proxy.stall_watches();
    stage.create("unseen").unwrap();
    stage.proxy.cut_watches();
    assert!(
        events
            .filter_map(|event| name(&event))
            .all(|name| name != "unseen")
    );
    stage
        .proxy
        .set([Rule::always(Which::Watches, Fault::CutBefore)]);
    assert!(stage.through.watch(&watch).is_err());
}

#[test]
fn chance_is_the_same_for_the_same_seed() {
    let stage = Stage::new();
    let seed = Seed::from_environment();
    let strikes = |part: u64| {
        stage.proxy.clear();
        stage.proxy.set_schedule(Schedule::new(seed.part(part), 2));
        for _ in 0..20 {
            // What becomes of it is what the schedule decides.
            drop(stage.through.get(&stage.path));
        }
        let asked = stage.proxy.seen().into_iter().take(20);
        asked.map(|one| one.fault).collect::<Vec<_>>()
    };
    let first = strikes(1);
    assert!(first.iter().any(Option::is_some), "{seed}");
    assert_eq!(first, strikes(1), "{seed}");
    assert_ne!(first, strikes(2), "{seed}");
}
