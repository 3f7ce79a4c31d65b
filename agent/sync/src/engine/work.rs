//! What a run has to look at, and what it does at the same time.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;

use tidegate_cluster::{ApiError, Applied};
use tidegate_object::ObjectId;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::contact::Answer;
use super::drift::{Inspected, Repair, Seen};
use super::prune::Removed;

/// How long nothing is sent after the API server asked for a pause without saying how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that was asked of the API server, and is answered.
pub(super) enum Done {
    /// A dry-run of an object.
    Asked(usize, Answer),
    /// A write of an object.
    Written(usize, Result<Applied, ApiError>),
    /// A look at an object that is not as it was learned.
    Inspected(usize, (Seen, Inspected)),
    /// A write that puts an object right.
    Repaired(usize, (Repair, Result<Applied, ApiError>)),
    /// An object that leaves, by its place among those.
    Removed(usize, Removed),
    /// The key names of a Secret at a resourceVersion.
    Keys(ObjectId, String, Result<BTreeSet<String>, ApiError>),
    /// The last log line of a container.
    Log((ObjectId, String), String),
}

/// What a run has to look at, and what it does at the same time.
pub(super) struct Work {
    dirty: BTreeSet<usize>,
    /// The next look at each object, by time and by object.
    timers: BTreeSet<(Instant, usize)>,
    looks: HashMap<usize, Instant>,
    queue: BTreeSet<usize>,
    tasks: JoinSet<Done>,
    running: usize,
    limit: usize,
    most: usize,
    paused_until: Option<Instant>,
}

impl Work {
    /// At most so many dry-runs and writes go on at the same time.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            dirty: BTreeSet::new(),
            timers: BTreeSet::new(),
            looks: HashMap::new(),
            queue: BTreeSet::new(),
            tasks: JoinSet::new(),
            running: 0,
            limit: most,
            most,
            paused_until: None,
        }
    }

    /// Has an object looked at.
    pub(super) fn mark(&mut self, index: usize) {
        self.dirty.insert(index);
    }

    /// Has an object looked at when a time has come. Only the earliest counts: each look says when the next is due.
    pub(super) fn mark_at(&mut self, at: Instant, index: usize) {
        match self.looks.get(&index).copied() {
            Some(before) if before <= at => return,
            Some(later) => self.timers.remove(&(later, index)),
            None => false,
        };
        self.looks.insert(index, at);
        self.timers.insert((at, index));
    }

    /// Returns the next object to look at.
    pub(super) fn next_dirty(&mut self) -> Option<usize> {
        self.dirty.pop_first()
    }

    /// Has an object dry-run or written as soon as there is room.
    pub(super) fn enqueue(&mut self, index: usize) {
        self.queue.insert(index);
    }

    /// Takes the next object that may be dry-run or written now.
    pub(super) fn next_queued(&mut self, now: Instant) -> Option<usize> {
        let paused = self.paused_until.is_some_and(|until| until > now);
        if paused || self.running >= self.limit {
            return None;
        }
        self.queue.pop_first()
    }

    /// Begins a dry-run or a write.
    pub(super) fn start(&mut self, request: impl Future<Output = Done> + Send + 'static) {
        self.running += 1;
        self.tasks.spawn(request);
    }

    /// Begins a read, which does not count.
    pub(super) fn read(&mut self, request: impl Future<Output = Done> + Send + 'static) {
        self.tasks.spawn(request);
    }

    /// Waits for the next answer; for ever if nothing was asked.
    pub(super) async fn next_done(&mut self) -> Done {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(done)) => return done,
                // A task that panicked; its object stays where it is.
                Some(Err(error)) => tracing::error!(%error, "request ended without an answer"),
                None => std::future::pending().await,
            }
        }
    }

    /// Notes that a dry-run or write was answered: slows down when the API server asks for it.
    pub(super) fn answered(&mut self, error: Option<&ApiError>, now: Instant) {
        self.running = self.running.saturating_sub(1);
        match error.filter(|error| error.code == 429) {
            Some(error) => {
                self.limit = (self.limit / 2).max(1);
                self.paused_until = Some(now + error.retry_after.unwrap_or(PAUSE));
            }
            None => self.limit = (self.limit + 1).min(self.most),
        }
    }

    /// Tells whether nothing goes on and nothing is queued.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.queue.is_empty()
    }

    /// Tells whether a dry-run or a write goes on.
    pub(super) fn is_running(&self) -> bool {
        self.running > 0
    }

    /// Forgets what is queued.
    pub(super) fn clear_queue(&mut self) {
        self.queue.clear();
    }

    /// Returns when something is to be looked at next.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|(at, _)| *at);
        let pause = self.paused_until.filter(|_| !self.queue.is_empty());
        timer.into_iter().chain(pause).min()
    }

    /// Has everything looked at whose time has come.
    pub(super) fn fire(&mut self, now: Instant) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        while let Some((at, index)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, index));
            self.looks.remove(&index);
            self.dirty.insert(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use tidegate_cluster::Class;

    use super::*;

    fn busy() -> ApiError {
        ApiError {
            class: Class::Transient,
            code: 429,
            reason: "TooManyRequests".into(),
            message: "later".into(),
            retry_after: Some(Duration::from_secs(3)),
            conflicts: Vec::new(),
            fields: Vec::new(),
        }
    }

    fn started(work: &mut Work, now: Instant) -> Vec<usize> {
        std::iter::from_fn(|| {
            let index = work.next_queued(now)?;
            work.running += 1;
            Some(index)
        })
        .collect()
    }

    #[test]
    fn no_more_is_sent_at_the_same_time_than_is_allowed() {
        let mut work = Work::new(2);
        let now = Instant::now();
        for index in [3, 1, 2] {
            work.enqueue(index);
        }
        assert_eq!(started(&mut work, now), [1, 2]);
        work.answered(None, now);
        assert_eq!(started(&mut work, now), [3]);
    }

    #[test]
    fn a_busy_server_is_given_its_pause_and_then_half_the_load() {
        let mut work = Work::new(4);
        let now = Instant::now();
        (0..8).for_each(|index| work.enqueue(index));
        assert_eq!(started(&mut work, now).len(), 4);
        for _ in 0..4 {
            work.answered(Some(&busy()), now);
        }
        assert!(started(&mut work, now + Duration::from_secs(2)).is_empty());
        let after = now + Duration::from_secs(3);
        assert_eq!(work.next_timer(), Some(after));
        work.fire(after);
        assert_eq!(started(&mut work, after).len(), 1);
        work.answered(None, after);
        assert_eq!(started(&mut work, after).len(), 2);
    }

    #[test]
    fn of_several_looks_at_an_object_the_earliest_counts() {
        let mut work = Work::new(1);
        let now = Instant::now();
        for seconds in [5, 2, 9] {
            work.mark_at(now + Duration::from_secs(seconds), 7);
        }
        work.fire(now + Duration::from_secs(1));
        assert_eq!(work.next_dirty(), None);
        work.fire(now + Duration::from_secs(2));
        assert_eq!(work.next_dirty(), Some(7));
        assert_eq!(work.next_timer(), None);
    }
}
