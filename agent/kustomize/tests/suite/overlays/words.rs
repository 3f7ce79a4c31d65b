//! The words that random overlays are made of.

pub(super) const NAMES: [&str; 6] = ["web", "db", "cache", "api", "worker-1", "n8n"];
pub(super) const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];
pub(super) const SCALARS: [&str; 24] = [
    "1",
    "\"1\"",
    "yes",
    "'no'",
    "null",
    "~",
    "1.0",
    "0644",
    "text",
    "\"a: b\"",
    "2020-01-01",
    "true",
    "'true'",
    "1e3",
    "\"\"",
    "-5",
    "1_000",
    "0x1F",
    "'it''s'",
    "\"tab\\there\"",
    "on",
    "12:30",
    "a b  c",
    "\"line\\nbreak\"",
];
pub(super) const IMAGES: [&str; 8] = [
    "nginx",
    "nginx:1.25",
    "\"redis:7\"",
    "reg.io:5000/a/b:1@sha256:00ff",
    "busybox@sha256:abc",
    "ghcr.io/x/y",
    "postgres:16-alpine",
    "'nginx:1'",
];
