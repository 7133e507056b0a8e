//! What results make of a breaker.

use super::Breaker;
use super::machine::{Admitted, BreakerMemory, Cause, Core, NOBODY, State};
use super::settings::{GivenUp, IgnoredProbe, Judged, Late, Probes};
use super::window::{Counts, Heard};
use crate::resilience::{Context, Ended};
use sim_core::SimTime;

/// What a result is to a breaker.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    Success,
    Failure,
    Ignored,
    /// A probe that has failed without a result.
    Lost,
}

impl Breaker {
    /// What a result is.
    fn hear(&self, ended: &Ended, probe: bool) -> Said {
        if ended.given_up {
            return match self.rules.given_up {
                GivenUp::ProbeFailed if probe => Said::Lost,
                GivenUp::ProbeFailed | GivenUp::Ignored => Said::Ignored,
                GivenUp::Success => Said::Success,
                GivenUp::Failure => Said::Failure,
            };
        }
        let nobody = ended.callee == Ended::NOBODY && !self.rules.refused_are_results;
        if self.ignore.contains(ended.ending) {
            Said::Ignored
        } else if self.unless.contains(ended.ending) {
            Said::Success
        } else if self.on.contains(ended.ending) {
            Said::Failure
        } else if !ended.outcome().is_success() && (nobody || self.rules.others_ignored) {
            // A policy inside let it through to nobody: that says nothing of the callee.
            Said::Ignored
        } else {
            Said::Success
        }
    }

    /// A call that was let in has left.
    pub(super) fn left(
        &self,
        memory: &mut BreakerMemory,
        call: Admitted,
        ended: &Ended,
        context: &mut Context,
    ) {
        self.arrive(memory, context);
        let late = call.epoch != memory.core.epoch;
        let probe = match self.rules.late {
            Late::Forgotten if late => return,
            Late::ClosedAsBegun if late && call.probe => return,
            Late::Forgotten | Late::Counted => memory.core.is_half_open(),
            _ => call.probe,
        };
        let epoch = memory.core.epoch;
        let heard = self.hear(ended, probe);
        let slow = self.slow_rate.is_some() && context.took(call.came) > self.slow_after;
        if probe {
            self.probed(memory, heard, slow, context);
        } else {
            self.passed(memory, heard, slow, context);
        }
        let decided = if self.rules.late == Late::AsBegunOnce {
            if let Some(of) = waited_for(&mut memory.core, call).filter(|_| probe) {
                *of = NOBODY;
            }
            probe
        } else {
            memory.core.epoch != epoch
        };
        if self.half_open.waits && decided {
            context.wake = context.waiting;
        }
    }

    /// Whether it may open on what was heard: at any time, or unless it is open already.
    fn may_open(&self, core: &Core, now: SimTime) -> bool {
        let may = match core.state {
            State::Closed | State::HalfOpen { .. } => true,
            State::Open(_) => self.rules.late == Late::AsBegun,
            State::ForcedOpen | State::ForcedClosed => false,
        };
        may && now.since(SimTime::ZERO) >= self.warm_up
    }

    /// Takes in a result of no probe.
    fn passed(&self, memory: &mut BreakerMemory, heard: Said, slow: bool, context: &mut Context) {
        let now = context.now;
        let failed = match heard {
            Said::Success => false,
            Said::Failure => true,
            Said::Ignored | Said::Lost => return,
        };
        self.count(memory, failed, slow, now);
        let core = &mut memory.core;
        // What has been counted while it is open says nothing of its state.
        if matches!(core.state, State::Open(_)) && self.rules.late == Late::Counted {
            return;
        }
        if !self.may_open(core, now) {
            return;
        }
        let rates_judged = match self.rules.judged {
            Judged::Results => true,
            Judged::Failures => failed,
            Judged::Snapshots => false,
        };
        let in_a_row = self.in_a_row().filter(|most| core.in_a_row >= *most);
        let cause = if failed && in_a_row.is_some() {
            Some(Cause::Failures(core.in_a_row))
        } else if failed
            && self
                .leaky
                .as_ref()
                .is_some_and(|leaky| core.level > leaky.size)
        {
            Some(Cause::Leaky)
        } else if rates_judged && self.has_rates() {
            let total = memory.heard.total(&self.window, now);
            self.guilty(total)
        } else {
            None
        };
        if let Some(cause) = cause {
            self.open(core, cause, now, context.counters);
        }
    }

    /// Counts a result.
    fn count(&self, memory: &mut BreakerMemory, failed: bool, slow: bool, now: SimTime) {
        let core = &mut memory.core;
        core.in_a_row = if failed {
            core.in_a_row.saturating_add(1)
        } else {
            0
        };
        if failed && self.leaky.is_some() {
            core.level = self.level(core, now) + 1.0;
            core.level_at = now;
        }
        if memory.heard != Heard::Nothing {
            let mut counts = Counts::one(failed, slow);
            if self.rules.per_call {
                counts.calls = 0;
            }
            memory.heard.add(&self.window, now, counts);
        }
    }

    /// Failures in the leaky bucket by now.
    pub(super) fn level(&self, core: &Core, now: SimTime) -> f64 {
        self.leaky.as_ref().map_or(0.0, |leaky| {
            let leaked = now.since(core.level_at).as_nanos_f64() / leaky.leak.as_nanos_f64();
            (core.level - leaked).max(0.0)
        })
    }

    /// Takes in the result of a probe.
    fn probed(&self, memory: &mut BreakerMemory, heard: Said, slow: bool, context: &mut Context) {
        let now = context.now;
        let mut counted = true;
        let mut keeps = self.rules.keeps_window;
        let failed = match heard {
            Said::Success => false,
            Said::Failure => true,
            Said::Lost => {
                counted = false;
                true
            }
            Said::Ignored => {
                counted = false;
                match self.rules.ignored_probe {
                    IgnoredProbe::Again => {
                        if let State::HalfOpen { permits, .. } = &mut memory.core.state {
                            *permits = permits.saturating_add(1);
                            context.wake = context.waiting.min(1);
                        }
                        return;
                    }
                    IgnoredProbe::Success => {
                        counted = true;
                        false
                    }
                    IgnoredProbe::Closes => {
                        keeps = true;
                        false
                    }
                    IgnoredProbe::Failure => true,
                }
            }
        };
        let core = &mut memory.core;
        core.probes.add(Counts::one(failed, slow));
        let probes = core.probes;
        let half_open = &self.half_open;
        let enough = probes.calls >= half_open.results();
        let opens = if half_open.by_rates {
            enough && self.probes_guilty(probes)
        } else {
            probes.failed > half_open.tolerates
        };
        let closes = !opens && enough;
        let counted = counted
            && match self.rules.probes {
                Probes::Apart => false,
                Probes::Counted => true,
                Probes::Last => opens || closes,
            };
        if opens {
            if counted {
                self.count(memory, failed, slow, now);
            }
            if self.may_open(&memory.core, now) {
                self.open(
                    &mut memory.core,
                    Cause::Probes(probes),
                    now,
                    context.counters,
                );
            }
            return;
        }
        if closes {
            let core = &mut memory.core;
            let in_a_row = core.in_a_row;
            if core.is_half_open() || self.rules.late == Late::AsBegun {
                Self::close(core, Cause::Probes(probes), now, context.counters);
            }
            if keeps {
                core.in_a_row = in_a_row;
                core.seen = memory.heard.ends(&self.window, now);
            } else {
                self.empty(memory, now);
            }
        }
        if counted {
            // Where one of several probes alone is counted, it stands for all of them: they closed it.
            let failed = failed && self.rules.probes == Probes::Counted;
            self.count(memory, failed, slow, now);
        }
    }

    fn probes_guilty(&self, probes: Counts) -> bool {
        let reached = |part: u32, threshold: Option<f64>| {
            threshold.is_some_and(|threshold| self.reached(part, probes.calls, threshold))
        };
        reached(probes.failed, self.failure_rate) || reached(probes.slow, self.slow_rate)
    }
}

/// The place of a probe among those that others wait for.
fn waited_for(core: &mut Core, call: Admitted) -> Option<&mut u32> {
    let epoch = call.epoch;
    core.out.iter_mut().find(|out| **out == epoch)
}
