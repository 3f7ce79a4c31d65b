//! Why a container of a pod is not ready.

use serde_json::Value;
use tidegate_object::Object;

use super::event::Event;
use super::{Cause, ContainerRef, Instance, Reason, image, mention};
use crate::facts::{joined, list, text};

/// Waiting reasons that say no more than "soon".
const STARTING: &[&str] = &["", "ContainerCreating", "PodInitializing"];

/// The waiting reasons of an image that cannot be pulled.
const IMAGE: &[&str] = &[
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImageInspectError",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// Returns why the containers of a pod are not ready.
pub(super) fn reasons(pod: &Object, events: &[Event<'_>]) -> Vec<Reason> {
    let of = |field, word| {
        list(pod.value(), field)
            .filter_map(move |status| Container { pod, status, word }.reason(events))
    };
    of("/status/initContainerStatuses", "init container")
        .chain(of("/status/containerStatuses", "container"))
        .collect()
}

/// One entry of the pod's container statuses.
struct Container<'a> {
    pod: &'a Object,
    status: &'a Value,
    word: &'a str,
}

impl Container<'_> {
    fn reason(&self, events: &[Event<'_>]) -> Option<Reason> {
        if self.status.pointer("/state/waiting").is_some() {
            return self.waiting(events);
        }
        if let Some(terminated) = self.status.pointer("/state/terminated") {
            let succeeded = terminated.get("exitCode").and_then(Value::as_i64) == Some(0);
            return (!succeeded).then(|| self.crash(terminated));
        }
        self.status
            .pointer("/state/running")
            .and_then(|_| self.running(events))
    }

    fn waiting(&self, events: &[Event<'_>]) -> Option<Reason> {
        let waiting = (
            text(self.status, "/state/waiting/reason"),
            text(self.status, "/state/waiting/message"),
        );
        if IMAGE.contains(&waiting.0) {
            let image = text(self.status, "/image");
            return Some(self.because(
                Cause::Image,
                &image::message(waiting, image, (self.pod, events)),
            ));
        }
        match (self.last_end(), waiting.0) {
            (Some(end), "CrashLoopBackOff") => Some(self.crash(end)),
            (None, "CrashLoopBackOff") => Some(self.because(Cause::Crash, waiting.1)),
            (_, reason) if STARTING.contains(&reason) => None,
            (_, reason) => Some(self.because(Cause::Config, &joined(reason, waiting.1))),
        }
    }

    fn running(&self, events: &[Event<'_>]) -> Option<Reason> {
        let is = |field| self.status.get(field).and_then(Value::as_bool);
        // An init container that runs is doing its work, unless it is a sidecar.
        let working =
            self.word == "init container" && is("started") != Some(false) && self.restarts() == 0;
        if is("ready") == Some(true) || working {
            return None;
        }
        let mut warnings = events.iter().filter(|event| event.is_of(self.pod));
        let found = warnings
            .find(|event| event.reason == "Unhealthy" && event.is_of_container(self.name()));
        if let (Some(end), None) = (self.last_end(), found) {
            return Some(self.crash(end));
        }
        let message = found.map_or_else(|| self.unready(), |event| event.message.trim().to_owned());
        let reason = self.because(Cause::NotReady, &message);
        Some(Reason {
            wants_log: Some(self.log(Instance::Current)),
            ..reason
        })
    }

    fn unready(&self) -> String {
        match self.status.get("started").and_then(Value::as_bool) {
            Some(false) => "runs, but its startup probe has not passed yet".into(),
            _ => "runs, but is not ready".into(),
        }
    }

    fn crash(&self, end: &Value) -> Reason {
        let said = text(end, "/message")
            .trim()
            .lines()
            .last()
            .unwrap_or_default();
        let restarts = match self.restarts() {
            0 => String::new(),
            1 => ", restarted once".into(),
            times => format!(", restarted {times} times"),
        };
        let (cause, how) = self.how_it_ended(end);
        let message = joined(&format!("{how}{restarts}"), said);
        let running = self.status.pointer("/state/running").is_some();
        let instance = if running {
            Instance::Previous
        } else {
            Instance::Current
        };
        let log = said.is_empty().then(|| self.log(instance));
        Reason {
            wants_log: log,
            ..self.because(cause, &message)
        }
    }

    fn how_it_ended(&self, end: &Value) -> (Cause, String) {
        if text(end, "/reason") == "OOMKilled" {
            let limit = match self.memory_limit() {
                "" => "the node's memory ran out".into(),
                limit => format!("its memory limit is {limit}"),
            };
            return (
                Cause::OutOfMemory,
                format!("killed for using too much memory ({limit})"),
            );
        }
        let code = end
            .get("exitCode")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let reason = match text(end, "/reason") {
            "" | "Error" | "Completed" => String::new(),
            reason => format!(" ({reason})"),
        };
        (Cause::Crash, format!("ended with exit code {code}{reason}"))
    }

    fn memory_limit(&self) -> &str {
        let all = ["/spec/containers", "/spec/initContainers"];
        let mut specs = all.iter().flat_map(|field| list(self.pod.value(), field));
        specs
            .find(|spec| text(spec, "/name") == self.name())
            .map_or("", |spec| text(spec, "/resources/limits/memory"))
    }

    fn because(&self, cause: Cause, message: &str) -> Reason {
        let about = mention::find(message, self.pod.id());
        let message = format!("{} {}: {message}", self.word, self.name());
        Reason {
            about,
            ..Reason::new(cause, self.pod.id().clone(), message)
        }
    }

    fn log(&self, instance: Instance) -> ContainerRef {
        ContainerRef {
            pod: self.pod.id().clone(),
            container: self.name().into(),
            instance,
        }
    }

    fn name(&self) -> &str {
        text(self.status, "/name")
    }

    fn restarts(&self) -> i64 {
        self.status
            .get("restartCount")
            .and_then(Value::as_i64)
            .unwrap_or_default()
    }

    fn last_end(&self) -> Option<&Value> {
        self.status.pointer("/lastState/terminated")
    }
}
