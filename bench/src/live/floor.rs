//! The least that applying objects can take: bare server-side applies, many at once, in any order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tidegate_testbed::Client;

use crate::object::{self, Sample};

/// How many applies are under way at once.
const CONCURRENCY: usize = 32;

/// Applies the first objects of the mix into a namespace; answers how long that took.
pub(super) fn apply(client: &Client, namespace: &str, count: usize) -> Result<Duration> {
    let mut samples: Vec<Sample> = object::samples(count).collect();
    for sample in &mut samples {
        sample.place(namespace);
    }
    let next = AtomicUsize::new(0);
    let work = || -> tidegate_testbed::Result<()> {
        while let Some(sample) = samples.get(next.fetch_add(1, Ordering::Relaxed)) {
            client.apply(&sample.path(namespace), "floor", &sample.value)?;
        }
        Ok(())
    };
    let start = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONCURRENCY).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            let ended = worker
                .join()
                .map_err(|_| anyhow!("a worker of the floor panicked"))?;
            Ok::<_, anyhow::Error>(ended?)
        })
    })?;
    Ok(start.elapsed())
}
