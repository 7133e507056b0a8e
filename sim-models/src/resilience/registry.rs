//! What is generated of the list of policies: the enums of all of them, their dispatch, and what is known of each by name.

/// Generates the enums of all policies, their dispatch and the registry. One line per policy.
macro_rules! policies {
    ($($policy:ident $name:literal),* $(,)?) => {
        /// A policy as the scenario says it.
        #[derive(Clone, Debug, PartialEq, schemars::JsonSchema, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs)]
        pub enum PolicySpec {
            $($policy($policy)),*
        }

        /// What a policy remembers from call to call.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Memory {
            $($policy(<$policy as Policy>::Memory)),*
        }

        /// What a policy knows of one call.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum CallState {
            $($policy(<$policy as Policy>::Call)),*
        }

        /// Name and summary of every policy.
        pub const REGISTRY: &[(&str, &str)] = &[$(($name, <$policy as Policy>::SUMMARY)),*];

        /// How every policy is written, in the order of [`REGISTRY`].
        pub const EXAMPLES: &[&str] = &[$(<$policy as Policy>::EXAMPLE),*];

        /// The text of the file of every policy, whose docs explain it, in the order of [`REGISTRY`].
        pub const TEXTS: &[&str] = &[$(include_str!(concat!($name, ".rs"))),*];

        /// What every policy counts, by its name.
        pub const COUNTERS: &[(&str, &[&str])] = &[$(($name, <$policy as Policy>::COUNTERS)),*];

        /// The states of every policy that has some, by its name.
        pub const STATES: &[(&str, &[&str])] = &[$(($name, <$policy as Policy>::STATES)),*];

        impl PolicySpec {
            /// The policy of a name, with what is said of it.
            ///
            /// # Errors
            /// If that cannot be read, or there is none of that name.
            pub fn read<'de, V: VariantAccess<'de>>(name: &str, said: V) -> Result<Self, V::Error> {
                match name {
                    $($name => said.newtype_variant().map(Self::$policy),)*
                    _ => Err(V::Error::custom(format!("there is no policy `{name}`"))),
                }
            }
            /// Its name in scenarios.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$policy(_) => $name),* }
            }
            /// What it counts.
            #[must_use]
            pub fn counters(&self) -> &'static [&'static str] {
                match self { $(Self::$policy(_) => <$policy as Policy>::COUNTERS),* }
            }
            /// See [`Policy::LIVE`], by name.
            #[must_use]
            pub fn live() -> &'static [(&'static str, &'static [&'static str])] {
                &[$(($name, <$policy as Policy>::LIVE)),*]
            }
            /// What it remembers at the start.
            #[must_use]
            pub fn memory(&self) -> Memory {
                match self { $(Self::$policy(policy) => Memory::$policy(policy.memory())),* }
            }
            /// Who shares its memory.
            #[must_use]
            pub fn scope(&self) -> Scope {
                match self { $(Self::$policy(policy) => policy.scope()),* }
            }
            /// What its memory is divided by.
            #[must_use]
            pub fn by(&self) -> Option<By> {
                match self { $(Self::$policy(policy) => policy.by()),* }
            }
            /// See [`Policy::BY_CALLEE`].
            #[must_use]
            pub fn may_be_by_callee(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::BY_CALLEE),* }
            }
            /// See [`Policy::AT_CALLER`].
            #[must_use]
            pub fn at_caller(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::AT_CALLER),* }
            }
            /// See [`Policy::UNPACKS`].
            #[must_use]
            pub fn unpacks(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::UNPACKS),* }
            }
            /// See [`Policy::TRAVELS`].
            #[must_use]
            pub fn travels(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::TRAVELS),* }
            }
            /// See [`Policy::BUDGETS`].
            #[must_use]
            pub fn budgets(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::BUDGETS),* }
            }
            /// See [`Policy::SHARES`].
            #[must_use]
            pub fn shares(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::SHARES),* }
            }
            /// See [`Policy::KEYED`].
            #[must_use]
            pub fn is_keyed(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::KEYED),* }
            }
            /// See [`Policy::LOOKS`].
            #[must_use]
            pub fn looks(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::LOOKS),* }
            }
            /// See [`Policy::STARTS`].
            #[must_use]
            pub fn starts(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::STARTS),* }
            }
            /// What it knows of a new call.
            #[inline]
            #[must_use]
            pub fn begin(&self) -> CallState {
                match self { $(Self::$policy(_) => CallState::$policy(Default::default())),* }
            }
            /// See [`Policy::ACTS`].
            #[must_use]
            pub fn acts(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::ACTS),* }
            }
            /// See [`Policy::ENTERS`].
            #[must_use]
            pub fn enters(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::ENTERS),* }
            }
            /// See [`Policy::RATIONS`].
            #[must_use]
            pub fn rations(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::RATIONS),* }
            }
            /// See [`Policy::SHUNS`].
            #[must_use]
            pub fn shuns(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::SHUNS),* }
            }
            /// See [`Policy::AT_DOOR`].
            #[must_use]
            pub fn at_door(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::AT_DOOR),* }
            }
            /// See [`Policy::ASKS_WHO`].
            #[must_use]
            pub fn asks_who(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::ASKS_WHO),* }
            }
            /// See [`Policy::LEAVES`].
            #[must_use]
            pub fn leaves(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::LEAVES),* }
            }
            /// See [`Policy::REFUSES`].
            #[must_use]
            pub fn refuses(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::REFUSES),* }
            }
            /// See [`Policy::LATE`].
            #[must_use]
            pub fn late(&self) -> Outcome {
                match self { $(Self::$policy(_) => <$policy as Policy>::LATE),* }
            }
            /// See [`Policy::BREAKS`].
            #[must_use]
            pub fn breaks(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::BREAKS),* }
            }
            /// See [`Policy::again`].
            #[must_use]
            pub fn again(&self) -> Option<Again<'_>> {
                match self { $(Self::$policy(policy) => policy.again()),* }
            }
            /// See [`Policy::long_run`].
            #[must_use]
            pub fn long_run(&self) -> f64 {
                match self { $(Self::$policy(policy) => policy.long_run()),* }
            }
            /// See [`Policy::foresee`].
            #[must_use]
            pub fn foresee(&self, inside: &mut Inside<'_>, when: Stay) -> Option<Ends> {
                match self { $(Self::$policy(policy) => policy.foresee(inside, when)),* }
            }
            /// See [`Policy::longest_wait`].
            #[must_use]
            pub fn longest_wait(&self) -> Option<SimDuration> {
                match self { $(Self::$policy(policy) => policy.longest_wait()),* }
            }
            /// See [`Policy::replaces`].
            #[must_use]
            pub fn replaces(&self, outcome: Outcome) -> bool {
                match self { $(Self::$policy(policy) => policy.replaces(outcome)),* }
            }
            /// See [`Policy::avoids`].
            #[must_use]
            pub fn avoids(&self) -> bool {
                match self { $(Self::$policy(policy) => policy.avoids()),* }
            }
            /// See [`Policy::brief`].
            #[must_use]
            pub fn brief(&self) -> String {
                match self { $(Self::$policy(policy) => policy.brief()),* }
            }
            /// See [`Policy::forks`].
            #[must_use]
            pub fn forks(&self) -> bool {
                match self { $(Self::$policy(policy) => policy.forks()),* }
            }
            /// See [`Policy::parks`].
            #[must_use]
            pub fn parks(&self) -> bool {
                match self { $(Self::$policy(policy) => policy.parks()),* }
            }
            /// See [`Policy::last_first`].
            #[must_use]
            pub fn last_first(&self) -> bool {
                match self { $(Self::$policy(policy) => policy.last_first()),* }
            }
            /// See [`Policy::targets`].
            #[must_use]
            pub fn targets(&self) -> Vec<&str> {
                match self { $(Self::$policy(policy) => policy.targets()),* }
            }
            /// See [`Policy::on_enter`].
            #[inline]
            pub fn on_enter(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) -> Do {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_enter(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_timer`].
            #[inline]
            pub fn on_timer(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) -> Do {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_timer(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_wake`].
            #[inline]
            pub fn on_wake(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) -> Do {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_wake(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::ignores`].
            #[inline]
            #[must_use]
            pub fn ignores(&self, outcome: Outcome) -> bool {
                match self { $(Self::$policy(policy) => policy.ignores(outcome)),* }
            }
            /// See [`Policy::on_result`].
            #[inline]
            pub fn on_result(&self, memory: &mut Memory, call: &mut CallState, ended: &Ended, context: &mut Context) -> Do {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_result(memory, call, ended, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_retry`].
            #[inline]
            pub fn on_retry(&self, memory: &mut Memory, call: &mut CallState, failure: &Ended, context: &mut Context) -> Do {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_retry(memory, call, failure, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_denied`].
            #[inline]
            pub fn on_denied(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_denied(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_lost`].
            pub fn on_lost(&self, memory: &mut Memory, call: &mut CallState, context: &mut Context) {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_lost(memory, call, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_leave`].
            #[inline]
            pub fn on_leave(&self, memory: &mut Memory, call: &mut CallState, ended: &Ended, context: &mut Context) {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_leave(memory, call, ended, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_start`].
            pub fn on_start(&self, memory: &mut Memory, call: &mut CallState, waited: SimDuration, context: &mut Context) {
                match (self, memory, call) {
                    $((Self::$policy(policy), Memory::$policy(memory), CallState::$policy(call)) => policy.on_start(memory, call, waited, context),)*
                    _ => unreachable!("the memory and state of a policy are its own"),
                }
            }
            /// See [`Policy::on_set`].
            pub fn on_set(&self, memory: &mut Memory, before: &Self, now: SimTime) -> u32 {
                match (self, memory, before) {
                    $((Self::$policy(policy), Memory::$policy(memory), Self::$policy(before)) => policy.on_set(memory, before, now),)*
                    _ => unreachable!("a policy stays what it is"),
                }
            }
            /// See [`Policy::BY_HAND`].
            #[must_use]
            pub fn is_by_hand(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::BY_HAND),* }
            }
            /// See [`Policy::on_hand`].
            pub fn on_hand(&self, memory: &mut Memory, trips: bool, context: &mut Context) {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.on_hand(memory, trips, context),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::is_shut`].
            #[must_use]
            pub fn is_shut(&self, memory: &Memory, now: SimTime) -> bool {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.is_shut(memory, now),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::is_open`].
            #[must_use]
            pub fn is_open(&self, memory: &Memory, now: SimTime) -> bool {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.is_open(memory, now),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::REPORTS`].
            #[must_use]
            pub fn reports(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::REPORTS),* }
            }
            /// See [`Policy::load`].
            #[must_use]
            pub fn load(&self, memory: &Memory) -> Load {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.load(memory),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::STATES`].
            #[must_use]
            pub fn states(&self) -> &'static [&'static str] {
                match self { $(Self::$policy(_) => <$policy as Policy>::STATES),* }
            }
            /// See [`Policy::STATES_BY_CALLEE`].
            #[must_use]
            pub fn states_by_callee(&self) -> bool {
                match self { $(Self::$policy(_) => <$policy as Policy>::STATES_BY_CALLEE),* }
            }
            /// See [`Policy::state`].
            #[inline]
            #[must_use]
            pub fn state(&self, memory: &Memory, callee: u32, now: SimTime) -> (u8, Option<SimTime>) {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.state(memory, callee, now),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::heap`].
            #[must_use]
            pub fn heap(&self) -> usize {
                match self { $(Self::$policy(policy) => policy.heap()),* }
            }
            /// See [`Policy::tells`].
            #[must_use]
            pub fn tells(&self) -> Tells {
                match self { $(Self::$policy(policy) => policy.tells()),* }
            }
            /// See [`Policy::shun`].
            pub fn shun(&self, memory: &Memory, now: SimTime, passed_by: &mut [bool]) {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.shun(memory, now, passed_by),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::reading`].
            #[must_use]
            pub fn reading(&self, memory: &Memory, now: SimTime) -> Reading {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.reading(memory, now),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::why`].
            #[must_use]
            pub fn why(&self, memory: &Memory, now: SimTime) -> String {
                match (self, memory) {
                    $((Self::$policy(policy), Memory::$policy(memory)) => policy.why(memory, now),)*
                    _ => unreachable!("the memory of a policy is its own"),
                }
            }
            /// See [`Policy::thresholds`].
            #[must_use]
            pub fn thresholds(&self) -> Vec<(&'static str, f64)> {
                match self { $(Self::$policy(policy) => policy.thresholds()),* }
            }
            /// See [`Policy::carries`].
            #[must_use]
            pub fn carries(&self) -> Option<f64> {
                match self { $(Self::$policy(policy) => policy.carries()),* }
            }
            /// See [`Policy::permits`].
            #[must_use]
            pub fn permits(&self) -> Option<u32> {
                match self { $(Self::$policy(policy) => policy.permits()),* }
            }
            /// See [`Policy::idle_at`].
            #[must_use]
            pub fn idle_at(&self, rate: f64) -> Option<String> {
                match self { $(Self::$policy(policy) => policy.idle_at(rate)),* }
            }
            /// See [`Policy::worst_case_attempts`].
            #[must_use]
            pub fn worst_case_attempts(&self) -> f64 {
                match self { $(Self::$policy(policy) => policy.worst_case_attempts()),* }
            }
            /// See [`Policy::time_limit`].
            #[must_use]
            pub fn time_limit(&self) -> Option<SimDuration> {
                match self { $(Self::$policy(policy) => policy.time_limit()),* }
            }
            /// What is wrong with its parameters: (field, why).
            #[must_use]
            pub fn validate(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$policy(policy) => policy.validate()),* }
            }
        }

        /// The names of those that may have a memory by callee.
        pub fn by_callee() -> impl Iterator<Item = &'static str> {
            [$(($name, <$policy as Policy>::BY_CALLEE)),*]
                .into_iter()
                .filter_map(|(name, by_callee)| by_callee.then_some(name))
        }

        /// The names of those that make sense at a caller.
        pub fn at_caller() -> impl Iterator<Item = &'static str> {
            [$(($name, <$policy as Policy>::AT_CALLER)),*]
                .into_iter()
                .filter_map(|(name, at_caller)| at_caller.then_some(name))
        }

        /// The names of those that make sense at the door of a service.
        pub fn at_door() -> impl Iterator<Item = &'static str> {
            [$(($name, <$policy as Policy>::AT_DOOR)),*]
                .into_iter()
                .filter_map(|(name, at_door)| at_door.then_some(name))
        }

        impl CallState {
            /// See [`Policy::deadline`].
            #[inline]
            #[must_use]
            pub fn deadline(&self) -> SimTime {
                match self { $(Self::$policy(call) => <$policy as Policy>::deadline(call)),* }
            }
        }

        impl Memory {
            /// See [`Policy::inside`].
            #[must_use]
            pub fn inside(&self) -> Option<u32> {
                match self { $(Self::$policy(memory) => <$policy as Policy>::inside(memory)),* }
            }
        }
    };
}
