//! The programs of the node and of its images, each built once from pinned Go modules.

use tidegate_testbed::binaries::Recipe;

/// kubelet and kube-proxy, of the same release as the control plane.
pub const KUBERNETES: Recipe = Recipe {
    module: "realnode/modules/kubernetes",
    packages: &[
        "k8s.io/kubernetes/cmd/kubelet",
        "k8s.io/kubernetes/cmd/kube-proxy",
    ],
    tags: "",
    linker_flags: "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
        -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36",
    renamed: &[],
};

/// The container runtime, its client, and the process that holds the namespaces of every pod.
pub const CONTAINERD: Recipe = Recipe {
    module: "realnode/modules/containerd",
    packages: &[
        "github.com/containerd/containerd/v2/cmd/containerd",
        "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        "github.com/containerd/containerd/v2/cmd/ctr",
        "./pause",
    ],
    // File systems that are not used, and need C libraries or long builds.
    tags: "no_btrfs,no_devmapper,no_zfs",
    linker_flags: "-s -w",
    renamed: &[],
};

/// The cluster's DNS server.
pub const COREDNS: Recipe = Recipe {
    module: "realnode/modules/coredns",
    packages: &["github.com/coredns/coredns"],
    tags: "",
    linker_flags: "-s -w",
    renamed: &[],
};

/// The operator of CloudNativePG.
pub const CNPG: Recipe = Recipe {
    module: "realnode/modules/cnpg",
    packages: &["github.com/cloudnative-pg/cloudnative-pg/cmd/manager"],
    tags: "",
    linker_flags: "-s -w",
    renamed: &[],
};

/// CloudNativePG's plugin for backups; the same program runs beside each instance.
pub const BARMAN: Recipe = Recipe {
    module: "realnode/modules/barman",
    packages: &["github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager"],
    tags: "",
    linker_flags: "-s -w",
    renamed: &[],
};

/// What makes metrics of Redis.
pub const REDIS_EXPORTER: Recipe = Recipe {
    module: "realnode/modules/redis-exporter",
    packages: &["github.com/oliver006/redis_exporter"],
    tags: "",
    linker_flags: "-s -w",
    renamed: &[],
};
