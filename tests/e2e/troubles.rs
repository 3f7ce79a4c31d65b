//! Everything that goes wrong for one layer at a time: each trouble is brought about for a layer of its own, all of
//! them at once, beside a witness that is well.
//!
//! While they stand, each is told in words that a person can act on, the witness takes a commit, and what the layers
//! had before stays. When the causes go, each layer gets healthy by itself, and nobody has deleted anything.

mod cluster;
mod draft;
mod files;
mod objects;
mod scene;
mod sources;

use serde_json::Value;
use tidegate_testbed::{AuditEvent, Commit, agent, wait};

use crate::place::{Origin, Place, condition, is_healthy, told};
use crate::rig::{LIMIT, Rig, rig, tidegate};
use draft::Draft;
use scene::Scene;

/// One thing that goes wrong.
#[derive(Clone, Copy)]
pub(crate) struct Trouble {
    /// The layer's name, and its folder's.
    name: &'static str,
    /// What there is before, besides the ConfigMap that all layers have: in the cluster, and in the folder.
    prepare: fn(&Scene, &Place),
    first: fn(&mut Draft<'_>),
    /// What brings the trouble about.
    bring: fn(&Scene, &Place),
    broken: fn(&mut Draft<'_>),
    /// What is then read on the Layer: the reason of `Ready`, and the words of its messages.
    reason: &'static str,
    words: &'static [&'static str],
    /// What more is seen.
    also: fn(&Place) -> Result<(), String>,
    /// What takes the cause away.
    mend: fn(&Scene, &Place),
    mended: fn(&mut Draft<'_>),
}

/// A trouble in which nothing happens yet: the layer follows its folder, and a file of the trouble goes when it is over.
const NONE: Trouble = Trouble {
    name: "",
    prepare: |_, place| place.set_layer(&place.spec()),
    first: |_| {},
    bring: |_, _| {},
    broken: |_| {},
    reason: "",
    words: &[],
    also: |_| Ok(()),
    mend: |_, _| {},
    mended: |draft| draft.remove("trouble.yaml"),
};

/// A trouble and the layer that has it.
struct Case {
    trouble: Trouble,
    place: Place,
}

/// The troubles, and the witness beside them.
struct Troubles {
    rig: &'static Rig,
    origin: Origin,
    witness: Place,
    cases: Vec<Case>,
}

#[test]
fn troubles() {
    let rig = rig();
    let scene = Scene::start(rig);
    let tables = [
        files::TROUBLES,
        objects::TROUBLES,
        cluster::TROUBLES,
        sources::TROUBLES,
    ];
    let origin = rig.origin("platform");
    let cases = tables.concat().into_iter();
    let troubles = Troubles {
        rig,
        witness: rig.place(&origin, "witness"),
        cases: cases
            .map(|trouble| begin(&scene, &origin, trouble))
            .collect(),
        origin,
    };
    troubles.witness.set_layer(&troubles.witness.spec());
    let start = troubles.push("start", |draft, trouble| {
        draft.write("kept.yaml", KEPT);
        (trouble.first)(draft);
    });
    troubles.until_all("be healthy at first", |case, layer| {
        case.is_well(layer, &start)
    });
    let kept = troubles.kept();

    for case in &troubles.cases {
        (case.trouble.bring)(&scene, &case.place);
    }
    troubles.push("troubles", |draft, trouble| (trouble.broken)(draft));
    troubles.until_all("tell their troubles", Case::is_told);
    troubles.check_printed();
    troubles.check_witness("beside the troubles");
    assert_eq!(kept, troubles.kept());

    for case in &troubles.cases {
        (case.trouble.mend)(&scene, &case.place);
    }
    let mended = troubles.push("mended", |draft, trouble| (trouble.mended)(draft));
    troubles.until_all("be healthy again", |case, layer| {
        case.is_well(layer, &mended)
    });
    troubles.check_witness("after the troubles");
    assert_eq!(kept, troubles.kept());
    troubles.check_nothing_deleted();
}

fn begin(scene: &Scene, origin: &Origin, trouble: Trouble) -> Case {
    let place = scene.rig.place(origin, trouble.name);
    (trouble.prepare)(scene, &place);
    Case { trouble, place }
}

impl Troubles {
    /// Checks that neither the agent nor a deployer has asked for a delete of anything of theirs: the agent serves
    /// other tests, too.
    fn check_nothing_deleted(&self) {
        let agent = format!("system:serviceaccount:{}:tidegate", agent::NAMESPACE);
        let audit = self.rig.control_plane.audit().unwrap();
        let places = || self.cases.iter().map(|case| &case.place);
        let is_theirs = |event: &AuditEvent| {
            let mut places = places().chain([&self.witness]);
            event.namespace.is_empty()
                || places.any(|place| event.namespace.starts_with(&place.namespace))
        };
        let ours = audit
            .into_iter()
            .filter(|event| event.authenticated_user == agent && is_theirs(event));
        let (deletes, others): (Vec<_>, Vec<_>) =
            ours.partition(|event| event.verb.starts_with("delete"));
        assert_eq!(deletes, []);
        assert!(
            others
                .iter()
                .any(|event| event.user.ends_with(":tidegate-deployer") && event.is_write())
        );
    }

    /// Pushes one commit with what concerns each layer, and a value for the witness; answers the revision.
    fn push(&self, value: &str, change: impl Fn(&mut Draft<'_>, &Trouble)) -> String {
        let mut commit = Commit::on("main").message(value);
        for case in &self.cases {
            let mut draft = Draft::new(&case.place, commit);
            change(&mut draft, &case.trouble);
            commit = draft.commit();
        }
        let mut draft = Draft::new(&self.witness, commit);
        draft.write("kept.yaml", &KEPT.replace("at first", value));
        self.origin.push(&draft.commit())
    }

    /// Waits until every layer is as it should be.
    fn until_all(&self, condition: &str, look: impl Fn(&Case, &Value) -> Result<(), String>) {
        let condition = format!("all layers to {condition}");
        let waited = wait::until(&condition, LIMIT, || {
            let layers = self.witness.read("/apis/tidegate.dev/v1alpha1/layers");
            let layers = layers["items"].as_array().cloned().unwrap_or_default();
            let missed: Vec<String> = self
                .cases
                .iter()
                .filter_map(|case| {
                    let layer = layers.iter().find(|layer| case.place.is_of(layer));
                    let missed = look(case, layer.unwrap_or(&Value::Null)).err()?;
                    Some(format!("{}: {missed}", case.trouble.name))
                })
                .collect();
            if missed.is_empty() {
                return Ok(());
            }
            Err(missed.join("\n"))
        });
        if let Err(error) = waited {
            panic!(
                "{error}\nthe agent's log: {}",
                self.rig.agent.log().display()
            );
        }
    }

    /// The uids of what each layer had before: they change if it is deleted and made anew.
    fn kept(&self) -> Vec<Value> {
        let places = self.cases.iter().map(|case| &case.place);
        places
            .map(|place| place.read(CONFIG_MAP)["metadata"]["uid"].clone())
            .collect()
    }

    /// Checks that the command line says the same as the status.
    fn check_printed(&self) {
        let table = tidegate(self.rig.control_plane, &["get"]);
        for case in &self.cases {
            let row = table
                .lines()
                .find(|row| row.starts_with(&case.place.namespace));
            assert!(
                row.is_some_and(|row| row.contains(case.place.name)),
                "{table}"
            );
            let arguments = ["why", case.place.name, "-n", &case.place.namespace];
            let printed = wait::until("`why` to say it", LIMIT, || {
                let printed = tidegate(self.rig.control_plane, &arguments);
                case.misses(&printed)
                    .map_or(Ok(()), |word| Err(format!("no {word} in {printed}")))
            });
            printed.unwrap();
        }
    }

    /// Checks that a commit of the witness goes live.
    fn check_witness(&self, value: &str) {
        let mut draft = Draft::new(&self.witness, Commit::on("main"));
        draft.write("kept.yaml", &KEPT.replace("at first", value));
        let revision = self.origin.push(&draft.commit());
        self.witness.until("the witness to take a commit", |layer| {
            let live = self.witness.read(CONFIG_MAP)["data"]["value"].clone();
            is_healthy(layer, &revision) && live == value
        });
    }
}

impl Case {
    /// Whether the layer is healthy: at this revision, if it follows the common repository.
    fn is_well(&self, layer: &Value, revision: &str) -> Result<(), String> {
        let git = &layer["spec"]["source"]["git"];
        let is_common = git["url"] == self.place.origin.url && git["ref"]["branch"] == "main";
        let status = &layer["status"];
        let at = if is_common {
            Some(revision)
        } else {
            status["lastAttemptedRevision"].as_str()
        };
        let is_current = status["observedGeneration"] == layer["metadata"]["generation"];
        let is_well = is_current && at.is_some_and(|at| is_healthy(layer, at));
        is_well.then_some(()).ok_or_else(|| told(layer))
    }

    /// Whether the layer tells what is wrong with it.
    fn is_told(&self, layer: &Value) -> Result<(), String> {
        let told = told(layer);
        let reason = condition(layer, "Ready")["reason"].clone();
        if reason != self.trouble.reason {
            return Err(format!("not {}: {told}", self.trouble.reason));
        }
        match self.misses(&told) {
            Some(word) => Err(format!("no {word} in {told}")),
            None => (self.trouble.also)(&self.place),
        }
    }

    /// The first word that a text misses.
    fn misses(&self, text: &str) -> Option<String> {
        let words = self.trouble.words.iter();
        words
            .map(|word| self.place.text(word))
            .find(|word| !text.contains(word))
    }
}

const CONFIG_MAP: &str = "/api/v1/namespaces/NS/configmaps/kept";

/// What every layer has before.
const KEPT: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: kept, namespace: NS}
data: {value: 'at first'}
";
