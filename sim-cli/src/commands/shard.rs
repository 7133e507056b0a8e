//! `--shard`: which part of a sweep this process runs, as said on the command line or by the
//! scheduler that started it.
//!
//! What schedulers tell their tasks (only names that their documentation gives):
//! - Slurm job arrays (<https://slurm.schedmd.com/job_array.html>): `SLURM_ARRAY_TASK_ID`, with
//!   `_COUNT`, `_MIN`, `_MAX` and `_STEP` of the array, which are those of what was submitted: of
//!   `--array=3,7` the count is 2;
//! - Kubernetes Indexed Jobs (<https://kubernetes.io/docs/concepts/workloads/controllers/job/>):
//!   `JOB_COMPLETION_INDEX` from 0, and not how many there are;
//! - HyperQueue task arrays (<https://it4innovations.github.io/hyperqueue/stable/jobs/arrays/>):
//!   `HQ_TASK_ID`, as numbered at submission, and not how many there are.

use sim_models::experiment::sweep::Shard;
use sim_models::limits::MOST_SHARDS;
use std::str::FromStr;

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardArg {
    /// This one.
    Given(Shard),
    /// The scheduler knows; the number says of how many, where it does not.
    Auto(Option<u32>),
}

impl FromStr for ShardArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let Some(rest) = text.strip_prefix("auto") else {
            return text.parse().map(Self::Given);
        };
        if rest.is_empty() {
            return Ok(Self::Auto(None));
        }
        let count = rest.strip_prefix('/').and_then(|count| count.parse().ok());
        match count {
            Some(count) if (1..=MOST_SHARDS).contains(&count) => Ok(Self::Auto(Some(count))),
            _ => Err(format!(
                "`{text}` is no shard: write K/N, `auto`, or `auto/N` with how many there are"
            )),
        }
    }
}

/// A variable of the environment, if it is set.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// How a scheduler numbers its tasks.
struct Scheduler {
    name: &'static str,
    variable: &'static str,
    /// The number of its first task.
    first: u32,
    /// How to ask it for `N` tasks.
    ask: fn(u32) -> String,
}

const SLURM: &str = "SLURM_ARRAY_TASK_ID";

const SCHEDULERS: [Scheduler; 3] = [
    Scheduler {
        name: "Slurm",
        variable: SLURM,
        first: 1,
        ask: |count| format!("sbatch --array=1-{count}"),
    },
    Scheduler {
        name: "Kubernetes",
        variable: "JOB_COMPLETION_INDEX",
        first: 0,
        ask: |count| format!("completions: {count} and completionMode: Indexed"),
    },
    Scheduler {
        name: "HyperQueue",
        variable: "HQ_TASK_ID",
        first: 0,
        ask: |count| format!("hq submit --array=0-{}", count - 1),
    },
];

impl ShardArg {
    /// The shard, with the help of the environment where that is asked for.
    ///
    /// # Errors
    /// If the environment does not tell, or tells too much; in words for the user.
    pub fn resolve(self, variables: &Variables<'_>) -> Result<Shard, String> {
        let given = match self {
            Self::Given(shard) => return Ok(shard),
            Self::Auto(count) => count,
        };
        let set: Vec<(&Scheduler, String)> = SCHEDULERS
            .iter()
            .filter_map(|scheduler| Some((scheduler, variables(scheduler.variable)?)))
            .collect();
        let (scheduler, text) = match &set[..] {
            [one] => one,
            [] => {
                let names = SCHEDULERS.map(|one| format!("{} ({})", one.variable, one.name));
                return Err(format!(
                    "--shard auto: none of {} is set, so this is no task of an array\nsay which part to run: --shard 1/16",
                    names.join(", ")
                ));
            }
            [(first, _), (second, _), ..] => {
                return Err(format!(
                    "--shard auto: both {} ({}) and {} ({}) are set\nsay which part to run: --shard 1/16",
                    first.variable, first.name, second.variable, second.name
                ));
            }
        };
        let id = number(scheduler.variable, text)?;
        match given {
            Some(count) => numbered(scheduler, id, count),
            None if scheduler.variable == SLURM => slurm(id, variables),
            None => Err(format!(
                "--shard auto: {} tells its tasks their number ({}={text}) but not how many there are\nsay so: --shard auto/16 for 16 of them",
                scheduler.name, scheduler.variable
            )),
        }
    }
}

/// One of `count` tasks. Which of them run at this time does not matter, so that some can be repeated.
fn numbered(scheduler: &Scheduler, id: u32, count: u32) -> Result<Shard, String> {
    match id.checked_sub(scheduler.first) {
        Some(index) if index < count => Ok(Shard { index, count }),
        _ => Err(format!(
            "--shard auto/{count}: {}={id}, but {count} tasks are numbered from {} to {}\nstart them with {}",
            scheduler.variable,
            scheduler.first,
            u64::from(scheduler.first) + u64::from(count) - 1,
            (scheduler.ask)(count)
        )),
    }
}

/// One of the tasks of a Slurm array, whatever its first number and its step.
fn slurm(id: u32, variables: &Variables<'_>) -> Result<Shard, String> {
    let read = |name: &str| -> Result<u32, String> {
        let text = variables(name).ok_or_else(|| {
            format!(
                "--shard auto: {SLURM} is set but {name} is not\nsay how many tasks there are: --shard auto/16"
            )
        })?;
        number(name, &text)
    };
    let (count, least, most) = (
        read("SLURM_ARRAY_TASK_COUNT")?,
        read("SLURM_ARRAY_TASK_MIN")?,
        read("SLURM_ARRAY_TASK_MAX")?,
    );
    let step = match variables("SLURM_ARRAY_TASK_STEP") {
        Some(text) => number("SLURM_ARRAY_TASK_STEP", &text)?.max(1),
        None => 1,
    };
    let is_range = count > 0
        && most >= least
        && u64::from(most - least) / u64::from(step) + 1 == u64::from(count)
        && id >= least
        && (id - least).is_multiple_of(step)
        && (id - least) / step < count;
    if !is_range {
        return Err(format!(
            "--shard auto: this array of {count} tasks is no plain range ({least} to {most}), so a number does not say which part it is\nto run some tasks of an array from 1 to 16 again, say how many there were: --shard auto/16"
        ));
    }
    Ok(Shard {
        index: (id - least) / step,
        count,
    })
}

fn number(name: &str, text: &str) -> Result<u32, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("--shard auto: {name} is `{text}`, which is no whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(arg: &str, set: &[(&str, &str)]) -> Result<String, String> {
        let variables = |name: &str| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let arg: ShardArg = arg.parse()?;
        arg.resolve(&variables).map(|shard| shard.to_string())
    }

    fn array<'a>(
        id: &'a str,
        count: &'a str,
        least: &'a str,
        most: &'a str,
    ) -> [(&'a str, &'a str); 4] {
        [
            ("SLURM_ARRAY_TASK_ID", id),
            ("SLURM_ARRAY_TASK_COUNT", count),
            ("SLURM_ARRAY_TASK_MIN", least),
            ("SLURM_ARRAY_TASK_MAX", most),
        ]
    }

    #[test]
    fn the_command_line_needs_no_scheduler() {
        assert_eq!(resolve("3/16", &[]).unwrap(), "3/16");
        for bad in ["0/4", "auto/0", "auto/x", "auto4", "auto/", "automatic"] {
            assert!(bad.parse::<ShardArg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn slurm_arrays_may_begin_anywhere() {
        assert_eq!(
            resolve("auto", &array("0", "16", "0", "15")).unwrap(),
            "1/16"
        );
        assert_eq!(
            resolve("auto", &array("16", "16", "1", "16")).unwrap(),
            "16/16"
        );
        let mut stepped = array("5", "4", "1", "7").to_vec();
        stepped.push(("SLURM_ARRAY_TASK_STEP", "2"));
        assert_eq!(resolve("auto", &stepped).unwrap(), "3/4");
        // Some tasks of an array again: the count is not that of the shards any more.
        let again = resolve("auto", &array("7", "2", "3", "7")).unwrap_err();
        assert!(again.contains("no plain range"), "{again}");
        assert_eq!(
            resolve("auto/16", &array("7", "2", "3", "7")).unwrap(),
            "7/16"
        );
        let past = resolve("auto/16", &array("0", "16", "0", "15")).unwrap_err();
        assert!(past.contains("--array=1-16"), "{past}");
        let alone = resolve("auto", &[("SLURM_ARRAY_TASK_ID", "1")]).unwrap_err();
        assert!(alone.contains("SLURM_ARRAY_TASK_COUNT"), "{alone}");
        let odd = resolve("auto", &array("x", "2", "3", "7")).unwrap_err();
        assert!(odd.contains("`x`"), "{odd}");
    }

    #[test]
    fn where_the_count_is_not_told_it_is_asked_for() {
        for variable in ["JOB_COMPLETION_INDEX", "HQ_TASK_ID"] {
            assert_eq!(resolve("auto/4", &[(variable, "3")]).unwrap(), "4/4");
            let wrong = resolve("auto", &[(variable, "3")]).unwrap_err();
            assert!(wrong.contains("auto/16"), "{wrong}");
            assert!(resolve("auto/4", &[(variable, "4")]).is_err());
        }
    }

    #[test]
    fn nothing_and_too_much_are_told() {
        let none = resolve("auto/4", &[]).unwrap_err();
        assert!(none.contains("none of SLURM_ARRAY_TASK_ID"), "{none}");
        let both = [("JOB_COMPLETION_INDEX", "3"), ("HQ_TASK_ID", "3")];
        let both = resolve("auto/4", &both).unwrap_err();
        assert!(both.contains("both"), "{both}");
    }
}
