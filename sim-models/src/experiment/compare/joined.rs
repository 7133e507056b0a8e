//! Which requests fared differently, and why: both variants run once more under one seed, with a log of
//! every request, joined request by request.

use crate::experiment::run::{Options, Unable, run_with};
use crate::observe::summary::{LoggedRequest, RunResult, Story};
use crate::scenario::Scenario;
use crate::world::Told;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The requests of two runs under one seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    /// Seed of both runs.
    pub seed: u64,
    /// Requests after the warm-up with the baseline, and with the variant.
    pub requests: (u64, u64),
    /// Requests that came in both runs.
    pub joined: u64,
    /// Those of them that arrived at another time: where users wait for an answer before they ask again
    /// (closed loops), what happens to one request moves the next.
    pub moved: u64,
    /// Requests answered in both runs, those that were faster with the variant, and those slower.
    pub answered: u64,
    /// See [`Joined::answered`].
    pub faster: u64,
    /// See [`Joined::answered`].
    pub slower: u64,
    /// What became of them, by how they ended with the baseline and with the variant; the largest first.
    pub transitions: Vec<Transition>,
    /// The largest groups of requests that fared differently, by where their failures began, the largest
    /// first.
    pub groups: Vec<Group>,
}

/// A request with the baseline and with the variant.
type Both<'a> = (&'a LoggedRequest, &'a LoggedRequest);

/// How many requests ended in one way with the baseline and in one way with the variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Outcome with the baseline, or `unfinished`.
    pub baseline: &'static str,
    /// Outcome with the variant.
    pub variant: &'static str,
    /// How many.
    pub count: u64,
}

/// Requests that fared differently in the same way, for the same reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Their workload.
    pub workload: String,
    /// What happened to them with the baseline.
    pub baseline: Fate,
    /// What happened to them with the variant.
    pub variant: Fate,
    /// How many.
    pub count: u64,
    /// Numbers of one of them, the middle one by arrival, with the baseline and with the variant: for
    /// `--explain-request`.
    pub example: (u32, u32),
    /// When it arrived with the baseline, s.
    pub time: f64,
    /// What happened to that one, with the baseline and with the variant; empty unless asked for.
    pub stories: Vec<Story>,
}

/// How a request ended, and where its failure began.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fate {
    /// Its outcome, or `unfinished`.
    pub outcome: &'static str,
    /// Where its failure began: `"db: rejected"`.
    pub cause: Option<String>,
}

impl Fate {
    fn of(request: &LoggedRequest) -> Self {
        Self {
            outcome: request.outcome_name(),
            cause: request.cause.as_deref().map(str::to_owned),
        }
    }
}

/// Runs both scenarios under one seed and joins their requests; tells the stories of one request of each
/// of the `most` largest groups.
///
/// # Errors
/// A scenario did not pass its checks.
pub fn trace(
    baseline: &Scenario,
    variant: &Scenario,
    seed: u64,
    most: usize,
    go_on: &(dyn Fn() -> bool + Sync),
) -> Result<Joined, Unable> {
    let run = |scenario: &Scenario, told: Vec<u32>, log: bool| -> Result<RunResult, Unable> {
        let told = Told {
            only: told,
            every: 0,
        };
        run_with(
            scenario,
            Options {
                seed,
                told,
                log,
                measures: Vec::new(),
            },
            |_| go_on(),
        )
    };
    let (left, right) = (
        run(baseline, Vec::new(), true)?,
        run(variant, Vec::new(), true)?,
    );
    let mut joined = join(&left.log, &right.log);
    joined.seed = seed;
    joined.groups.truncate(most);
    if joined.groups.is_empty() {
        return Ok(joined);
    }
    let numbers = |side: fn((u32, u32)) -> u32| -> Vec<u32> {
        joined
            .groups
            .iter()
            .map(|group| side(group.example))
            .collect()
    };
    let left = run(baseline, numbers(|example| example.0), false)?;
    let right = run(variant, numbers(|example| example.1), false)?;
    for group in &mut joined.groups {
        let told = |result: &RunResult, number: u32| {
            let mut stories = result.stories.iter();
            stories
                .find(|story| story.request == u64::from(number))
                .cloned()
        };
        let both = [told(&left, group.example.0), told(&right, group.example.1)];
        group.stories = both.into_iter().flatten().collect();
    }
    Ok(joined)
}

/// Joins the requests of two runs under one seed by what their luck is keyed by.
#[must_use]
pub fn join(baseline: &[LoggedRequest], variant: &[LoggedRequest]) -> Joined {
    let counted = |log: &[LoggedRequest]| log.iter().filter(|request| request.counted).count();
    let mut joined = Joined {
        requests: (counted(baseline) as u64, counted(variant) as u64),
        ..Joined::default()
    };
    let others: BTreeMap<(&Arc<str>, u64), &LoggedRequest> = variant
        .iter()
        .map(|request| ((&request.workload, request.key), request))
        .collect();
    let mut transitions: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
    let mut groups: BTreeMap<(&Arc<str>, Fate, Fate), Vec<Both<'_>>> = BTreeMap::new();
    for request in baseline.iter().filter(|request| request.counted) {
        let Some(other) = others.get(&(&request.workload, request.key)) else {
            continue;
        };
        joined.joined += 1;
        joined.moved += u64::from(request.arrived != other.arrived);
        let outcomes = (request.outcome_name(), other.outcome_name());
        *transitions.entry(outcomes).or_default() += 1;
        let answered =
            |request: &LoggedRequest| request.outcome.is_some_and(|outcome| outcome.is_success());
        if answered(request) && answered(other) {
            let took = |request: &LoggedRequest| request.ended.since(request.arrived);
            joined.answered += 1;
            joined.faster += u64::from(took(other) < took(request));
            joined.slower += u64::from(took(other) > took(request));
        }
        let (fate, fared) = (Fate::of(request), Fate::of(other));
        if fate != fared {
            let group = groups.entry((&request.workload, fate, fared)).or_default();
            group.push((request, other));
        }
    }
    joined.transitions = transitions
        .into_iter()
        .map(|((baseline, variant), count)| Transition {
            baseline,
            variant,
            count,
        })
        .collect();
    joined
        .transitions
        .sort_by_key(|transition| std::cmp::Reverse(transition.count));
    joined.groups = groups
        .into_iter()
        .map(|((workload, baseline, variant), members)| {
            let (left, right) = members[members.len() / 2];
            Group {
                workload: workload.to_string(),
                baseline,
                variant,
                count: members.len() as u64,
                example: (left.number, right.number),
                time: left.arrived.as_secs_f64(),
                stories: Vec::new(),
            }
        })
        .collect();
    joined
        .groups
        .sort_by_key(|group| std::cmp::Reverse(group.count));
    joined
}
