//! A replica that is told to stop, and the one that goes on in its place.

use std::time::Duration;

use tidegate_cluster::{Cluster, ConnectOptions, Lease, LeaseOptions};
use tidegate_testbed::wait;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::world::{LIMIT, World, runtime};

/// A replica that leads when it can.
fn replica(world: &World, holder: &str) -> (watch::Receiver<bool>, CancellationToken) {
    let connect = ConnectOptions {
        kubeconfig: Some(world.control_plane.kubeconfig().to_owned()),
        ..ConnectOptions::default()
    };
    let options = LeaseOptions {
        namespace: world.namespace.clone(),
        name: "tidegate".into(),
        holder: holder.into(),
        // Far longer than anybody waits here: nobody takes the Lease because it lapses.
        duration: Duration::from_secs(3600),
    };
    let (tell, leads) = watch::channel(false);
    let stop = CancellationToken::new();
    let cluster = runtime().block_on(Cluster::connect(&connect)).unwrap();
    let lease = Lease::new(cluster.client(), options);
    runtime().spawn(lease.keep(tell, stop.clone()));
    (leads, stop)
}

fn until_leads(leads: &watch::Receiver<bool>) {
    wait::until("the replica to lead", LIMIT, || {
        let leads = *leads.borrow();
        leads.then_some(()).ok_or_else(|| "it does not".to_owned())
    })
    .unwrap();
}

#[test]
fn who_is_told_to_stop_hands_over_and_is_not_waited_for_until_the_lease_lapses() {
    let world = World::new("handover");
    let (one, stop_one) = replica(&world, "one");
    until_leads(&one);
    let (other, stop_other) = replica(&world, "other");
    stop_one.cancel();
    until_leads(&other);
    assert!(!*one.borrow());
    let lease = world.live("/apis/coordination.k8s.io/v1/namespaces/NS/leases/tidegate");
    assert_eq!(lease["spec"]["holderIdentity"], "other");
    assert_eq!(lease["spec"]["leaseTransitions"], 2);
    stop_other.cancel();
}
