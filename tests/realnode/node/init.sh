#!/usr/bin/env bash
# Process 1 of the node, in namespaces of its own: its mounts, its network, the control plane, containerd, kubelet,
# kube-proxy. When it ends, all of them end, and with them every mount, interface and rule.
# Usage: init.sh FOLDER CONTROL_PLANE KUBERNETES CONTAINERD CONFIGURATION
set -euo pipefail
folder=$1
address=10.200.0.1
host=10.200.0.254
services=10.97.0.0/16

own_mounts() {
  mount --make-rshared /
  mkdir -p "$folder"/{run/{node,control-plane,kubernetes,containerd-programs,configuration},lib,log/pods,tmp/hostpath_pv,logs}
  mount --bind "$folder" "$folder/run/node"
  mount --bind "$1" "$folder/run/control-plane"
  mount --bind "$2" "$folder/run/kubernetes"
  mount --bind "$3" "$folder/run/containerd-programs"
  mount --bind "$4" "$folder/run/configuration"
  mount --rbind "$folder/run" /run
  mount --bind /run/node/lib /var/lib
  mount --bind /run/node/log /var/log
  mount --bind /run/node/tmp /tmp
  mkdir -p /run/containerd /run/lock /var/lib/kubelet /var/lib/cni
  printf '127.0.0.1 localhost\n%s node1\n' "$address" >/run/hosts
  : >/run/resolv.conf
  mount --bind /run/hosts /etc/hosts
  mount --bind /run/resolv.conf /etc/resolv.conf
  hostname node1
}

# The host's end of the pair is made from outside. There is no default route: nothing gets out.
own_network() {
  until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
  ip link set lo up
  ip address add "$address/24" dev eth0
  ip link set eth0 up
  ip route add "$services" via "$host"
  sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1
}

# In every hierarchy of version 1; a new cpuset is empty until it is told what to use.
own_cgroups() {
  local hierarchy name
  for hierarchy in /sys/fs/cgroup/{cpu,cpuacct,cpuset,memory,devices,freezer,blkio,pids,systemd}; do
    mkdir -p "$hierarchy/tidegate-node"
  done
  for name in cpuset.cpus cpuset.mems; do
    cat "/sys/fs/cgroup/cpuset/$name" >"/sys/fs/cgroup/cpuset/tidegate-node/$name"
  done
}

start() {
  local name=$1
  shift
  "$@" >"/run/node/logs/$name.log" 2>&1 &
}

start_control_plane() {
  start etcd /run/control-plane/etcd --data-dir=/run/node/etcd --unsafe-no-fsync --log-level=warn \
    --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
    --listen-peer-urls=http://127.0.0.1:2380
  start kube-apiserver /run/control-plane/kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --advertise-address="$address" --secure-port=6443 --service-cluster-ip-range="$services" \
    --tls-cert-file=api-server.crt --tls-private-key-file=api-server.key --client-ca-file=ca.crt \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=service-account.pub \
    --service-account-signing-key-file=service-account.key --authorization-mode=Node,RBAC --allow-privileged=true \
    --enable-admission-plugins=NodeRestriction --kubelet-preferred-address-types=InternalIP \
    --kubelet-client-certificate=kubelet-client.crt --kubelet-client-key=kubelet-client.key --profiling=false \
    --requestheader-client-ca-file=ca.crt --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file=front-proxy.crt --proxy-client-key-file=front-proxy.key \
    --audit-policy-file=audit-policy.yaml --audit-log-path=/run/node/audit.log
  until /run/control-plane/kubectl --kubeconfig=admin.kubeconfig get --raw /readyz >/dev/null 2>&1; do sleep 0.1; done
  start kube-controller-manager /run/control-plane/kube-controller-manager --kubeconfig=controller-manager.kubeconfig \
    --use-service-account-credentials=true --service-account-private-key-file=service-account.key \
    --root-ca-file=ca.crt --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key \
    --leader-elect=false --bind-address=127.0.0.1 --enable-hostpath-provisioner=true
  start kube-scheduler /run/control-plane/kube-scheduler --kubeconfig=scheduler.kubeconfig --leader-elect=false \
    --bind-address=127.0.0.1
}

start_node() {
  start containerd /run/containerd-programs/containerd --config=/run/configuration/containerd.toml
  start kubelet /run/kubernetes/kubelet --kubeconfig=kubelet.kubeconfig --config=/run/configuration/kubelet.yaml \
    --hostname-override=node1 --node-ip="$address"
  start kube-proxy /run/kubernetes/kube-proxy --config=/run/configuration/kube-proxy.yaml --hostname-override=node1
}

# The built-in provisioner makes folders that only root may use, and a hostPath knows no fsGroup.
open_volumes() {
  while :; do
    find /tmp/hostpath_pv -mindepth 1 -maxdepth 1 -perm 0750 -exec chmod 0777 {} +
    sleep 0.3
  done
}

own_mounts "$2" "$3" "$4" "$5"
own_network
own_cgroups
cd /run/node
export PATH=/run/containerd-programs:$PATH
start_node
start_control_plane
open_volumes &
# Orphans of the shims come here to be reaped.
while :; do wait -n || sleep 0.2; done
