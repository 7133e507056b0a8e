//! Works off jobs on all threads, where a job may lead to others.
//!
//! Jobs that follow from others go first, the latest before the earlier: what is begun is finished
//! before something new begins, so only as much is under way as there are threads. The order of jobs
//! depends on the threads; whoever needs a result that does not must not look at it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

struct State<J, S> {
    ready: Vec<J>,
    source: S,
    working: usize,
    over: bool,
}

struct Queue<J, S> {
    state: Mutex<State<J, S>>,
    changed: Condvar,
}

/// Does `work` on every job of `source`, and on those that it hands back, on the threads of the
/// current pool. It hands back nothing at all to stop everything.
pub(super) fn work_off<J: Send>(
    source: impl Iterator<Item = J> + Send,
    work: impl Fn(J) -> Option<Vec<J>> + Sync,
) {
    let queue = Queue {
        state: Mutex::new(State {
            ready: Vec::new(),
            source: source.fuse(),
            working: 0,
            over: false,
        }),
        changed: Condvar::new(),
    };
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                while let Some(job) = queue.next() {
                    let mut under_way = UnderWay {
                        queue: &queue,
                        followers: None,
                    };
                    under_way.followers = work(job);
                }
            });
        }
    });
}

impl<J, S: Iterator<Item = J>> Queue<J, S> {
    /// Nobody panics with it: all that happens under the lock is moving jobs.
    fn lock(&self) -> MutexGuard<'_, State<J, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; waits where another thread may still bring one.
    fn next(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if state.over {
                return None;
            }
            let job = state.ready.pop();
            if let Some(job) = job.or_else(|| state.source.next()) {
                state.working += 1;
                return Some(job);
            }
            if state.working == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A job that is being worked on. If the work panics, everything stops, and nobody waits for it.
struct UnderWay<'q, J, S: Iterator<Item = J>> {
    queue: &'q Queue<J, S>,
    followers: Option<Vec<J>>,
}

impl<J, S: Iterator<Item = J>> Drop for UnderWay<'_, J, S> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.working -= 1;
        match self.followers.take() {
            Some(followers) => state.ready.extend(followers),
            None => state.over = true,
        }
        drop(state);
        self.queue.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicU64, Ordering};

    fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started").install(work)
    }

    #[test]
    fn every_job_and_every_follower_is_done_once() {
        for threads in 1..=4 {
            let (sum, jobs) = (AtomicU64::new(0), AtomicU64::new(0));
            on(threads, || {
                // A job of n leads to n jobs of n - 1.
                work_off([4_u64, 3, 0, 5].into_iter(), |job| {
                    sum.fetch_add(job, Ordering::Relaxed);
                    jobs.fetch_add(1, Ordering::Relaxed);
                    Some((0..job).map(|_| job - 1).collect())
                });
            });
            // 1 + n (1 + (n - 1) (1 + ...)) jobs for n.
            assert_eq!(jobs.into_inner(), 65 + 16 + 1 + 326);
            // s(n) = n (1 + s(n - 1)).
            assert_eq!(sum.into_inner(), 64 + 15 + 325);
        }
    }

    #[test]
    fn what_is_begun_is_finished_first() {
        let order = Mutex::new(Vec::new());
        on(1, || {
            work_off([(1, 0), (2, 0)].into_iter(), |(job, step)| {
                order.lock().unwrap().push((job, step));
                Some(if step < 2 {
                    vec![(job, step + 1)]
                } else {
                    Vec::new()
                })
            });
        });
        let order = order.into_inner().unwrap();
        assert_eq!(order, [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]);
    }

    #[test]
    fn a_stop_or_a_panic_ends_it_for_all() {
        for panics in [false, true] {
            // Jobs without end: only the stop ends it.
            let ended = on(3, || {
                catch_unwind(AssertUnwindSafe(|| {
                    work_off(0_u64.., |job| {
                        assert!(!panics || job != 10, "on purpose");
                        (job != 10).then(Vec::new)
                    });
                }))
            });
            assert_eq!(ended.is_err(), panics);
        }
    }
}
