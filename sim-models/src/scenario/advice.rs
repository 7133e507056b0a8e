//! What to do about an error, where the place that found it does not say.

use super::diagnostics::{Code, Diagnostic};

/// What stands between what is wrong and what to write instead.
const TURNS: [&str; 3] = [": write ", ": use ", ": expected "];

/// Gives a diagnostic without help one: what its message says after the colon, or else what is
/// nearly always the way out.
pub fn advise(diagnostic: &mut Diagnostic) {
    if !diagnostic.help.is_empty() {
        return;
    }
    let turn = TURNS
        .iter()
        .find_map(|turn| diagnostic.message.rfind(turn))
        .map(|at| (at, diagnostic.message[at + 2..].to_owned()));
    if let Some((at, help)) = turn {
        diagnostic.message.truncate(at);
        diagnostic.help.push(help);
        return;
    }
    let told = diagnostic.message.as_str();
    let help = if told.starts_with("expected a whole number") {
        Some("write a number such as 3, without quotes, sign or fraction")
    } else if told.starts_with("expected a number") {
        Some("write a number such as 0.5, without quotes")
    } else if told.starts_with("expected a text in quotes") {
        Some("write a text such as \"web\"")
    } else if told.contains("takes exactly one of") {
        Some("give one of these and leave the others out")
    } else {
        usual(diagnostic.code)
    };
    if let Some(help) = help {
        diagnostic.help.push(help.into());
    }
}

fn usual(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Include => "paths are relative to the file that includes",
        Code::DataFile => {
            "the path is relative to the scenario; the file has one number a line, or is CSV"
        }
        Code::Nothing => {
            "the smallest scenario: `(duration: \"1min\", services: { \"web\": (endpoints: { \"get\": [work(\"5ms\")] }) }, workloads: { \"users\": open(\"50/s\", \"web/get\") })`"
        }
        Code::UnknownService => "services are the keys of `services`",
        Code::UnknownEndpoint => {
            "endpoints are listed in the service: `endpoints: { \"get\": [work(\"5ms\")] }`"
        }
        Code::UnknownPlace => {
            "list it first: `regions: { \"eu\": [\"eu-1\", \"eu-2\"] }`, `hosts: { \"h1\": \"eu-1\" }`"
        }
        Code::UnknownWorkload => "workloads are the keys of `workloads`",
        Code::Weight => {
            "weights are relative, such as 9 and 1: leave out what should never be drawn"
        }
        Code::Need => "`need: all` wants every branch, `first(n)` from one to as many as there are",
        Code::Distribution => {
            "durations are drawn from `\"5ms\"`, `exponential(\"5ms\")`, `lognormal(mean: \"5ms\", p99: \"20ms\")`, `uniform(\"1ms\", \"5ms\")`, ..."
        }
        Code::FaultTime => {
            "a fault begins within the run (`at`) and lasts (`for`) longer than no time"
        }
        Code::Cron => {
            "minute, hour, day, month, weekday: `*/5 * * * *` is every five minutes, `0 9 * * mon-fri` nine o'clock on working days"
        }
        Code::Share => "a share is part of a whole: five per cent is 0.05",
        Code::TooDeep => "multiply the counts, or move the inner part to an endpoint of its own",
        Code::Times => {
            "`duration` is the whole run and `warmup` its start, which counts in no total"
        }
        Code::Pattern => {
            "places are written \"from -> to\"; names hold letters, digits, `-`, `_` and `.`"
        }
        Code::Count => "with none of them nothing would ever be answered: give 1 or more",
        Code::Status => "500 for a bug, 503 for an overload, 429 for too many requests",
        Code::Shape => "a factor of 2 doubles the rate, 0 stops it; spans are longer than zero",
        Code::WrongType => "`sim explain S0006` shows how each type is written",
        Code::BadValue => {
            "durations are written \"250ms\" or \"1h30min\", rates \"900/s\", sizes \"64KiB\""
        }
        Code::Duplicate => "give one of the two another name",
        _ => return None,
    })
}

/// How a field that has no default is written, for the help of its absence.
#[must_use]
pub fn example(field: &str) -> Option<&'static str> {
    Some(match field {
        "duration" => "duration: \"5min\"",
        "endpoints" => "endpoints: { \"get\": [work(\"5ms\")] }",
        "rate" => "rate: \"50/s\"` for a workload, or `rate: 0.1",
        "to" => "to: \"service/endpoint\"",
        "users" => "users: 100",
        "after" => "after: \"500ms\"",
        "inject" => "inject: slow(service: \"db\", factor: 4)",
        "link" => "link: \"web -> db\"",
        "add" => "add: \"100ms\"",
        "latency" => "latency: \"500us\"",
        "within" => "within: \"30s\"",
        "base" => "base: \"50ms\"",
        "factor" => "factor: 2",
        "at" => "at: \"60s\"",
        "for" => "for: \"10s\"",
        "over" => "over: \"30s\"",
        "amplitude" => "amplitude: 0.5",
        "demand" => "demand: \"5ms\"",
        "span" => "span: \"5ms\"",
        "steps" => "steps: [work(\"5ms\")]",
        "branches" => "branches: [work(\"5ms\"), call(\"db/find\")]",
        "times" => "times: 3",
        "mtbf" => "mtbf: \"10min\"",
        "mttr" => "mttr: \"30s\"",
        _ => return None,
    })
}
