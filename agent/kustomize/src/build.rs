//! One kustomization after another: what `kustTarget` does, in its order.

mod again;
mod bases;
mod findings;
mod foreign;
mod plugins;
mod reach;
mod resources;
mod schema;
mod transformers;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::build_origin::{self, BuildOrigin};
use crate::error::Place;
use crate::fault::Fault;
use crate::field_spec::{Config, Conflict, FieldSpec};
use crate::files::{self, Content, Files, Found};
use crate::generate::{self, Generated};
use crate::history::{self, Kept};
use crate::kustomization::{
    At, FILE_NAMES, GeneratorArgs, Item, Kustomization, Read as _, Reader, Role,
};
use crate::memo::Step;
use crate::resource::Resource;
use crate::resources::Resources;
use crate::transform::{entries, hash, name_reference, sort, vars};
use crate::transformer::{Configured, Sight};
use crate::{Finding, RenderError, lock, node, read};
use plugins::Plugin;
use reach::Reach;

pub(crate) type Built<T = ()> = Result<T, RenderError>;

/// How deep kustomizations may be nested.
const DEPTH: usize = 100;
/// Objects of one build.
const OBJECTS: usize = 1_000_000;
const LOCAL_CONFIG: &str = "config.kubernetes.io/local-config";

/// One build.
pub(crate) struct Build<'a> {
    pub(crate) files: &'a Files<'a>,
    pub(crate) findings: RefCell<Vec<Finding>>,
    kustomizations: RefCell<HashMap<String, Rc<Kustomization>>>,
    schema: RefCell<schema::Choice>,
    bases: RefCell<bases::Bases>,
}

/// A folder with a kustomization, and those that led to it.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: String,
    referrer: Option<Rc<Self>>,
    /// Set if the build writes down where objects come from.
    pub(crate) origin: Option<BuildOrigin>,
}

/// What a kustomization and its bases have come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accumulated {
    pub(crate) resources: Resources,
    pub(crate) config: Reach,
    pub(crate) vars: vars::Vars,
}

impl Accumulated {
    fn merge(&mut self, other: Self) -> Result<(), Fault> {
        self.resources.append_all(other.resources)?;
        self.config.merge(&other.config)?;
        let mut vars = other.vars.into_values();
        vars.try_for_each(|var| vars::merge(&mut self.vars, var))
    }
}

impl Folder {
    fn base(self: &Rc<Self>, path: String, written: &str) -> Rc<Self> {
        Rc::new(Self {
            path,
            referrer: Some(Rc::clone(self)),
            origin: self.origin.as_ref().map(|origin| origin.of_file(written)),
        })
    }

    fn ancestry(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |folder| folder.referrer.as_deref())
    }

    fn depth(&self) -> usize {
        self.ancestry().count()
    }
}

/// Adds where a step was to what went wrong in it.
pub(crate) fn at(place: Place) -> impl FnOnce(Fault) -> RenderError {
    move |fault| match fault {
        Fault::Here(reason) => place.invalid(reason),
        Fault::There(error) => *error,
    }
}

impl<'a> Build<'a> {
    pub(crate) fn new(files: &'a Files<'a>) -> Self {
        Self {
            files,
            findings: RefCell::default(),
            kustomizations: RefCell::default(),
            schema: RefCell::default(),
            bases: RefCell::default(),
        }
    }

    /// The path of a folder's kustomization file; `None` if it has none.
    pub(crate) fn kustomization_file(&self, folder: &str) -> Built<Option<String>> {
        let mut found = Vec::new();
        for name in FILE_NAMES {
            let place = Place::file(folder);
            if let Found::File(file) = self.files.find(folder, name, &place)? {
                found.push(file);
            }
        }
        match found.as_slice() {
            [] => Ok(None),
            [file] => Ok(Some(file.clone())),
            [one, other, ..] => Err(Place::file(folder).invalid(format!(
                "has two kustomizations, `{one}` and `{other}`; remove one"
            ))),
        }
    }

    fn kustomization(&self, folder: &str) -> Built<Rc<Kustomization>> {
        if let Some(known) = self.kustomizations.borrow().get(folder) {
            return Ok(Rc::clone(known));
        }
        let missing = || {
            Place::file(folder).invalid(format!(
                "has no kustomization: expected one of {}",
                FILE_NAMES.join(", ")
            ))
        };
        let file = self.kustomization_file(folder)?.ok_or_else(missing)?;
        let content = self.files.content(&file, &Place::file(&file))?;
        let root = first_document(&content)?;
        let read = match root {
            Some(root) => {
                let mut read = Kustomization::read(&file, &root)?;
                read.bytes = Arc::clone(&content.bytes);
                self.find_unread(&content, &root);
                read
            }
            None => return Err(Place::file(&file).invalid("the kustomization is empty")),
        };
        let read = Rc::new(read);
        self.kustomizations
            .borrow_mut()
            .insert(folder.to_owned(), Rc::clone(&read));
        Ok(read)
    }

    /// Builds the folder as the top of a build.
    pub(crate) fn top(&self, path: &str) -> Built<Resources> {
        let kustomization = self.kustomization(path)?;
        let metadata = &kustomization.build_metadata.value;
        let folder = Rc::new(Folder {
            path: path.to_owned(),
            referrer: None,
            origin: (!metadata.is_empty()).then(BuildOrigin::default),
        });
        self.choose_schema(&folder, &kustomization, schema::Level::Top)?;
        self.count_uses(path, 0);
        let mut built = self.accumulate(&folder, &kustomization, Accumulated::default())?;
        let whole = || kustomization.place(0, "");
        hash::add(&mut built.resources).map_err(at(whole()))?;
        let config = built.config.clone();
        let config = config.fields();
        built.resources.settle();
        let references = &config.name_references;
        let usual = built.config.is_default() && self.files.cache().is_some();
        let all = usual.then(|| built.resources.list.clone());
        let step = all.as_deref().map(name_reference::step);
        let run = |resources: &mut Resources| {
            let updated = name_reference::update(resources, all.as_deref(), references);
            updated.map_err(at(whole()))
        };
        self.again((step, Sight::Each), &mut built.resources, &run)?;
        self.resolve_vars(&kustomization, &mut built, config)?;
        drop_local(&mut built.resources).map_err(at(whole()))?;
        let options = kustomization.sort_options.as_ref();
        let place = kustomization.place(options.map_or(0, |options| options.line), "sortOptions");
        sort::sort(&mut built.resources, options.map(|options| &options.value))
            .map_err(at(place))?;
        let step = Step::of("finish", metadata.iter().map(String::as_bytes));
        let run = |resources: &mut Resources| finish(resources, metadata).map_err(at(whole()));
        self.again((Some(step), Sight::Each), &mut built.resources, &run)?;
        Ok(built.resources)
    }

    fn resolve_vars(
        &self,
        kustomization: &Kustomization,
        built: &mut Accumulated,
        config: &Config,
    ) -> Built {
        let place = || kustomization.place(0, "vars");
        let unused = vars::resolve(&mut built.resources, &built.vars, &config.var_references)
            .map_err(at(place()))?;
        built.resources.settle();
        for defined in unused {
            let message = format!("var `{}` is used nowhere; remove it", defined.var.name);
            self.find(defined.place.clone(), message);
        }
        Ok(())
    }

    /// Runs one kustomization on what there is already: nothing, or a component's parent's objects.
    fn accumulate(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
        mut built: Accumulated,
    ) -> Built<Accumulated> {
        self.bases.borrow_mut().enter(folder);
        self.find_unused(folder, kustomization);
        if folder.depth() > DEPTH {
            return Err(RenderError::Limit {
                place: Box::new(kustomization.place(0, "")),
                what: "nested kustomizations",
                limit: DEPTH,
            });
        }
        for (index, item) in kustomization.resources.iter().enumerate() {
            let place = kustomization.place(item.line, format!("resources[{index}]"));
            self.add_resource(folder, (&item.value, &place), &mut built)?;
            if built.resources.list.len() > OBJECTS {
                return Err(RenderError::Limit {
                    place: Box::new(place),
                    what: "objects",
                    limit: OBJECTS,
                });
            }
        }
        self.load_configurations(folder, kustomization, &mut built)?;
        self.load_crds(folder, kustomization, &mut built)?;
        self.run_generators(folder, kustomization, &mut built)?;
        for (index, item) in kustomization.components.iter().enumerate() {
            let place = kustomization.place(item.line, format!("components[{index}]"));
            built = self.run_component(folder, (&item.value, &place), built)?;
        }
        self.run_transformers(folder, kustomization, &mut built)?;
        self.run_validators(folder, kustomization, &mut built)?;
        for (index, var) in kustomization.vars.iter().enumerate() {
            let place = kustomization.place(var.line, format!("vars[{index}]"));
            let defined = vars::Defined {
                var: var.value.clone(),
                place: place.clone(),
            };
            vars::collect(&mut built.resources, &mut built.vars, defined).map_err(at(place))?;
        }
        Ok(built)
    }

    fn load_configurations(
        &self,
        folder: &Folder,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        let mut own = None;
        for (index, item) in kustomization.configurations.iter().enumerate() {
            let place = kustomization.place(item.line, format!("configurations[{index}]"));
            let content = self.files.load(&folder.path, &item.value, &place)?;
            let Some(root) = first_document(&content)? else {
                continue;
            };
            let reader = Reader::configuration(&content.name);
            let mut config = Config::read(&At::root(&root, &reader))?;
            config.sort();
            let merged: &mut Config = own.get_or_insert_default();
            let conflict = |conflict: Conflict| place.invalid(conflict.0);
            merged.merge(&config).map_err(conflict)?;
        }
        let place = kustomization.place(0, "configurations");
        let own = reach::with_defaults(own.as_ref()).map_err(at(place.clone()))?;
        built.config.merge(&own).map_err(at(place))
    }

    fn load_crds(
        &self,
        folder: &Folder,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        for (index, item) in kustomization.crds.iter().enumerate() {
            let place = kustomization.place(item.line, format!("crds[{index}]"));
            let content = self.files.load(&folder.path, &item.value, &place)?;
            let Some(root) = first_document(&content)? else {
                continue;
            };
            let json = root
                .to_json()
                .map_err(|error| read::malformed(&error, Place::file(&content.name)))?;
            let config = crate::crds::config(&json).map_err(at(Place::file(&content.name)))?;
            built.config.add(&config).map_err(at(place))?;
        }
        Ok(())
    }

    fn run_generators(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        let lists: [(_, &str, &[Item<GeneratorArgs>]); 2] = [
            (
                Generated::ConfigMap,
                "configMapGenerator",
                &kustomization.config_maps,
            ),
            (Generated::Secret, "secretGenerator", &kustomization.secrets),
        ];
        let file = file_name(kustomization);
        for (kind, field, list) in lists {
            let origin = folder.origin.as_ref();
            let origin = origin.map(|origin| origin.of_builtin(file, kind.generator()));
            for (index, item) in list.iter().enumerate() {
                let context = generate::Context {
                    files: self.files,
                    find: &|place, message| self.find(place, message),
                    folder: &folder.path,
                    place: kustomization.place(item.line, format!("{field}[{index}]")),
                };
                let common = kustomization.generator_options.as_ref();
                let common = common.map(|common| &common.value);
                let args = item.value.clone().with_common(common);
                let generated = generate::generate(kind, &args, &context)?;
                absorb(built, (generated, origin.as_ref()), context.place)?;
            }
        }
        let field = ("generators", kustomization.generators.as_slice());
        for (plugin, configuration) in self.plugins(folder, kustomization, field)? {
            let place = configuration.place();
            let Plugin::Generator(generated) = plugin else {
                let reason = format!("`{}` is no generator", configuration.id());
                return Err(place.invalid(reason));
            };
            let origin = build_origin::of_plugin(&configuration);
            for resource in generated {
                absorb(built, (resource, origin.as_ref()), place.clone())?;
            }
        }
        Ok(())
    }

    fn run_transformers(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        let config = built.config.clone();
        let config = config.fields();
        let loader = transformers::Loader {
            build: self,
            folder,
            file: &kustomization.file,
        };
        let file = file_name(kustomization);
        let field = ("transformers", kustomization.transformers.as_slice());
        let before = self.files.loaded();
        let builtin = transformers::configured(&loader, kustomization, config)?;
        let step = self.step(kustomization, (&built.config, before));
        let plugins = self.plugins(folder, kustomization, field)?;
        if let Some(origin) = &folder.origin {
            for configured in builtin {
                configured.run(&mut built.resources, self)?;
                if !configured.kind.is_empty() {
                    let origin = origin.of_builtin(file, configured.kind);
                    let recorded = origin.record(&mut built.resources);
                    recorded.map_err(at(configured.place))?;
                }
            }
        } else {
            self.run_all(&builtin, &mut built.resources, step)?;
        }
        for (plugin, configuration) in plugins {
            let configured = transformer(plugin, &configuration)?;
            configured.run(&mut built.resources, self)?;
            if let Some(origin) = build_origin::of_plugin(&configuration) {
                let recorded = origin.record(&mut built.resources);
                recorded.map_err(at(configured.place))?;
            }
        }
        Ok(())
    }

    /// Runs transformers that must change nothing.
    fn run_validators(
        &self,
        folder: &Rc<Folder>,
        kustomization: &Kustomization,
        built: &mut Accumulated,
    ) -> Built {
        let field = ("validators", kustomization.validators.as_slice());
        for (plugin, configuration) in self.plugins(folder, kustomization, field)? {
            let configured = transformer(plugin, &configuration)?;
            let before: Vec<_> = nodes(&built.resources);
            configured.run(&mut built.resources, self)?;
            if before != nodes(&built.resources) {
                let reason = "a validator must not change objects";
                return Err(configured.place.invalid(reason));
            }
        }
        Ok(())
    }

    /// Runs a component on what its parent has come to so far.
    fn run_component(
        &self,
        folder: &Rc<Folder>,
        (written, place): (&str, &Place),
        built: Accumulated,
    ) -> Built<Accumulated> {
        let Found::Folder(path) = self.files.find(&folder.path, written, place)? else {
            let reason = format!("`{written}` is no folder with a component");
            return Err(place.clone().invalid(reason));
        };
        let component = Self::enter(folder, (path, written), place)?;
        let kustomization = self.kustomization(&component.path)?;
        self.choose_schema(&component, &kustomization, schema::Level::Base)?;
        if kustomization.role != Role::Component {
            let reason = format!("`{written}` is no Component; list it under `resources`");
            return Err(place.clone().invalid(reason));
        }
        let run = self.accumulate(&component, &kustomization, built)?;
        let mut merged = Accumulated::default();
        merged.merge(run).map_err(at(place.clone()))?;
        Ok(merged)
    }

    /// Checks that a folder is not one of those that led to it.
    fn enter(
        folder: &Rc<Folder>,
        (path, written): (String, &str),
        place: &Place,
    ) -> Built<Rc<Folder>> {
        for visited in folder.ancestry() {
            if crate::path::is_within(&visited.path, &path) {
                let reason = format!(
                    "`{path}` contains `{}`, which led to it: a cycle; a base must not contain \
                     what uses it",
                    visited.path
                );
                return Err(place.clone().invalid(reason));
            }
        }
        Ok(folder.base(path, written))
    }
}

fn nodes(resources: &Resources) -> Vec<tidegate_yaml::Node> {
    let list = resources.list.iter();
    list.map(|resource| resource.node.clone()).collect()
}

fn transformer(plugin: Plugin, configuration: &Resource) -> Built<Configured<'static>> {
    match plugin {
        Plugin::Transformer(configured) => Ok(*configured),
        Plugin::Generator(_) => {
            let reason = format!("`{}` is no transformer", configuration.id());
            Err(configuration.place().invalid(reason))
        }
    }
}

/// Adds a generated object with its origin.
fn absorb(
    built: &mut Accumulated,
    (mut generated, origin): (Resource, Option<&BuildOrigin>),
    place: Place,
) -> Built {
    if let Some(origin) = origin {
        origin
            .set_missing(&mut generated)
            .map_err(at(place.clone()))?;
    }
    generate::absorb(&mut built.resources, generated).map_err(at(place))
}

/// A kustomization's file without its folder.
fn file_name(kustomization: &Kustomization) -> &str {
    crate::path::base(&kustomization.file)
}

/// Adds the label of `managedByLabel`, and takes away what the build was not told to write.
fn finish(resources: &mut Resources, metadata: &[String]) -> Result<(), Fault> {
    let has = |option: &str| metadata.iter().any(|known| known == option);
    if has("managedByLabel") {
        let label = (MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
        let fields = [FieldSpec::everywhere("metadata/labels")];
        entries::set(resources, &[label].into(), &fields)?;
    }
    let kept = Kept {
        origins: has("originAnnotations"),
        transformations: has("transformerAnnotations"),
    };
    for resource in &mut resources.list {
        history::strip(resource, kept)?;
    }
    Ok(())
}

/// What kustomize 5.8.1 calls itself.
const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "kustomize-v5.8.1");

/// Drops what is only there for tools (`IgnoreLocal`).
fn drop_local(resources: &mut Resources) -> Result<(), Fault> {
    resources.check_unique()?;
    for resource in &mut resources.list {
        read::check_metadata(&resource.node)
            .map_err(|reason| format!("{}: {reason}", resource.origin))?;
        let mark = node::metadata_entry(&resource.node, "annotations", LOCAL_CONFIG);
        if mark.is_some_and(|value| value != "false") {
            resource.is_gone = true;
        }
    }
    resources.settle();
    Ok(())
}

/// The first document of a file, without nulls.
pub(crate) fn first_document(content: &Content) -> Built<Option<tidegate_yaml::Node>> {
    let limits = tidegate_yaml::Limits::default();
    let document = tidegate_yaml::parse_first_document(files::text(content)?, &limits)
        .map_err(|error| read::malformed(&error, Place::file(&content.name)))?;
    let document = document.filter(|document| !document.is_empty());
    Ok(document.map(|document| document.root))
}

/// Whether a file in a folder is a lock or a kustomization, and so never an object.
pub(crate) fn is_own_file(name: &str) -> bool {
    FILE_NAMES.contains(&name) || name == lock::FILE_NAME
}
