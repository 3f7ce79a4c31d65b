//! Steps that are run on those objects only of which it is not known what becomes of them.

use super::{Build, Built, reach};
use crate::files::Content;
use crate::kustomization::Kustomization;
use crate::memo::{Made, Outcome, Outcomes, Step};
use crate::resource::Resource;
use crate::resources::{Resources, Wanted};
use crate::transformer::{Configured, Sight};

impl Build<'_> {
    /// What tells the transformers of a kustomization's fields from others: its text, and the files that it
    /// has named for them. Nothing if there is more that they go by.
    pub(super) fn step(
        &self,
        kustomization: &Kustomization,
        (config, before): (&reach::Reach, usize),
    ) -> Option<Step> {
        if self.files.cache().is_none() || !config.is_default() || self.has_own_schema() {
            return None;
        }
        let own = Content {
            name: kustomization.file.clone(),
            bytes: kustomization.bytes.clone(),
        };
        let mut files = self.files.loaded_since(before);
        files.push(own);
        Some(Step::of_files("transformers", &files))
    }

    /// Runs transformers one after another.
    pub(super) fn run_all(
        &self,
        list: &[Configured<'_>],
        resources: &mut Resources,
        step: Option<Step>,
    ) -> Built {
        let sight = |configured: &Configured<'_>| configured.transformer.sight();
        let together = |one: &Configured<'_>, next: &Configured<'_>| {
            sight(one) == sight(next) && sight(one) != Sight::Namespace
        };
        for (number, group) in list.chunk_by(together).enumerate() {
            let sight = group.first().map_or(Sight::All, sight);
            let step = step.map(|step| step.part(number));
            let run = |resources: &mut Resources| {
                let mut group = group.iter();
                group.try_for_each(|configured| configured.run(resources, self))
            };
            self.again((step, sight), resources, &run)?;
        }
        Ok(())
    }

    /// Runs a step whose effect on each object is the same whatever others there are.
    ///
    /// Where anything is out of the ordinary, it is run on all objects, as if nothing were known.
    pub(super) fn again(
        &self,
        (step, sight): (Option<Step>, Sight),
        resources: &mut Resources,
        run: &dyn Fn(&mut Resources) -> Built,
    ) -> Built {
        let (Some(step), Some(cache)) = (step.filter(|_| sight != Sight::All), self.files.cache())
        else {
            return run(resources);
        };
        let mut known = cache.take(step);
        let split = Split::new(&resources.list, &mut known);
        let made = split.unknown.len();
        let mut part = Resources::part(split.unknown.clone());
        let outcomes = run(&mut part).ok().and_then(|()| split.join(part, sight));
        let Some(outcomes) = outcomes else {
            return run(resources);
        };
        let objects = outcomes.iter().filter_map(|outcome| match &outcome.made {
            Made::Object(object) => Some(object.clone()),
            _ => None,
        });
        let mut all = Resources::new(objects.collect());
        if sight == Sight::Namespace && all.check_unique().is_err() {
            return run(resources);
        }
        *resources = all;
        cache.keep(step, known, (outcomes, made));
        Ok(())
    }
}

/// The objects of a step: what becomes of some is known.
struct Split {
    /// In the order of the objects; what is not known is left out.
    known: Vec<Option<Outcome>>,
    /// With their places as tickets.
    unknown: Vec<Resource>,
}

impl Split {
    fn new(objects: &[Resource], outcomes: &mut Outcomes) -> Self {
        let mut split = Self {
            known: Vec::with_capacity(objects.len()),
            unknown: Vec::new(),
        };
        for (ticket, object) in objects.iter().enumerate() {
            let known = outcomes.take(object);
            if known.is_none() {
                split.unknown.push(object.with_ticket(ticket));
            }
            split.known.push(known);
        }
        split
    }

    /// Puts what was made of the unknown ones to what is known of the others; nothing if it is not for sure
    /// that a run on all of them would have come to the same.
    fn join(self, part: Resources, sight: Sight) -> Option<Vec<Outcome>> {
        let (made, census) = part.into_census();
        let is_renamed = census.has_renamed || made.iter().any(Resource::is_renamed);
        if sight == Sight::Patched && is_renamed {
            return None;
        }
        let mut made = made.into_iter().peekable();
        let mut meant = census.meant;
        meant.sort_unstable();
        let mut meant = meant.into_iter().peekable();
        let mut unknown = self.unknown.into_iter();
        let mut outcomes = Vec::with_capacity(self.known.len());
        for (ticket, known) in self.known.into_iter().enumerate() {
            let Some(object) = (if known.is_none() {
                unknown.next()
            } else {
                None
            }) else {
                outcomes.extend(known);
                continue;
            };
            let new = made.next_if(|made| made.ticket() == ticket);
            let mut parts = Vec::new();
            while let Some((_, part)) = meant.next_if(|(meant, _)| *meant == ticket) {
                parts.push(part);
            }
            let made = new.map_or(Made::Nothing, Made::Object);
            outcomes.push(Outcome::new(object, made, parts));
        }
        are_as_wanted(&census.wanted, &outcomes).then_some(outcomes)
    }
}

/// Whether the parts of a step mean as many objects as they should.
fn are_as_wanted(wanted: &[Wanted], outcomes: &[Outcome]) -> bool {
    let mut counts = vec![0; wanted.len()];
    for part in outcomes.iter().flat_map(|outcome| &outcome.parts) {
        if let Some(count) = counts.get_mut(*part) {
            *count += 1;
        }
    }
    wanted
        .iter()
        .zip(counts)
        .all(|(wanted, count)| match wanted {
            Wanted::One => count == 1,
            Wanted::Some => count > 0,
        })
}
