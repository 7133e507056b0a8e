//! The limits of what can be written, in one place: `sim explain limits` lists them.

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[doc = $doc])+ pub const $name: $type = $value;)*

        /// What is limited, and the limit.
        pub const LIMITS: &[(&str, u64)] = &[$((concat!($($doc),+), $name as u64)),*];
    };
}

limits! {
    /// Days of a duration, 292 years in nanoseconds
    MOST_DAYS: u64 = i64::MAX as u64 / (86_400 * 1_000_000_000);
    /// Windows of a run
    MOST_WINDOWS: u64 = 1_000_000;
    /// Windows times instances, each of which is looked at in each window
    MOST_LOOKS: u64 = 500_000_000;
    /// Services and workloads, or faults (events name them by 16 bits)
    MOST_NAMES: usize = u16::MAX as usize;
    /// Replicas of a service
    MOST_REPLICAS: u32 = 10_000;
    /// Instances of all services
    MOST_INSTANCES: u64 = 1_000_000;
    /// Pairs of instances that have links or counts of their own
    MOST_PAIRS: u64 = 4_000_000;
    /// Users of a workload
    MOST_USERS: u32 = 1_000_000;
    /// Requests of a batch
    MOST_BATCH: u32 = 100_000;
    /// Connections, or whatever it holds, of a pool of an instance
    MOST_POOL: u32 = 1_000_000;
    /// Keys of a workload
    MOST_KEYS: u32 = 1_000_000;
    /// Memories of policies by callee, endpoint, tenant or key
    MOST_MEMORIES: u64 = 50_000_000;
    /// Rounds of a `repeat`
    MOST_ROUNDS: u16 = u16::MAX;
    /// `repeat` steps inside each other
    DEEPEST_REPEAT: usize = 4;
    /// Branches of a `parallel`, or arms of a `choice`
    MOST_BRANCHES: usize = u16::MAX as usize;
    /// Policies of a call or of a door, one inside the other
    MOST_POLICIES: usize = 32;
    /// Attempts of a `retry`
    MOST_ATTEMPTS: u32 = 10_000;
    /// Periods of a fault
    MOST_PERIODS: u64 = 100_000;
    /// Instances and links that faults hit, each counted for each fault
    MOST_HITS: u64 = 50_000_000;
    /// Controllers
    MOST_CONTROLLERS: usize = 1000;
    /// Actions that `set` something, of all controllers
    MOST_SETTINGS: usize = 100;
    /// Files that include each other
    MOST_DEPTH: usize = 32;
    /// Files of a scenario
    MOST_FILES: usize = 1000;
    /// Bytes of the text of a scenario
    MOST_TEXT: usize = 16 << 20;
    /// Bytes of a file, and of all measurements of a scenario
    MOST_DATA: usize = 64 << 20;
    /// Numbers in a file of measurements
    MOST_NUMBERS: usize = 1_000_000;
    /// Points of a sweep
    MOST_POINTS: u64 = 200_000;
    /// Bytes that the scenarios of all points of a sweep take, about
    MOST_LAID_OUT: u64 = 4 << 30;
    /// Shards of a sweep
    MOST_SHARDS: u32 = 10_000;
    /// Steps of an axis
    MOST_STEPS: u32 = 200_000;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_what_holds() {
        for (what, limit) in LIMITS {
            assert_ne!(*limit, 0, "{what}");
        }
        let listed = |name: &str| LIMITS.iter().find(|(what, _)| what.contains(name));
        assert_eq!(
            listed("Bytes that the scenarios").map(|one| one.1),
            Some(4 << 30)
        );
        assert_eq!(listed("Days").map(|one| one.1), Some(MOST_DAYS));
    }
}
