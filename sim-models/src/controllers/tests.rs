use super::controller::{Context, Controller, Do};
use super::*;
use crate::ids::ActionId;
use crate::scenario::explain::read_part;
use sim_core::{SimDuration, SimTime};

fn at(seconds: f64) -> Context {
    Context {
        now: SimTime::ZERO + SimDuration::from_secs_f64(seconds),
    }
}

/// After how long an instance that dies then is started again, s; none: never.
fn dies(
    supervisor: &Supervisor,
    memory: &mut <Supervisor as Controller>::Memory,
    now: f64,
) -> Option<f64> {
    match supervisor.on_death(memory, 0, &at(now)) {
        Do::Wake { after, timer: 0 } => Some(after.as_secs_f64()),
        Do::GiveUp(0) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_supervisor_backs_off_as_the_kubelet_does() {
    let supervisor: Supervisor = match read_part(r#"supervisor("db")"#).unwrap() {
        ControllerSpec::Supervisor(supervisor) => supervisor,
        other => panic!("{other:?}"),
    };
    let mut memory = supervisor.memory(2);
    let (mut now, mut waits) = (60.0, Vec::new());
    for _ in 0..7 {
        let wait = dies(&supervisor, &mut memory, now).unwrap();
        waits.push(wait);
        now += wait;
        assert_eq!(supervisor.on_timer(&mut memory, 0, &at(now)), Do::Start(0));
    }
    assert_eq!(waits, [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]);
    // The other instance is counted by itself, and what ran for ten minutes begins afresh.
    assert_eq!(
        supervisor.on_death(&mut memory, 1, &at(now)),
        Do::Wake {
            after: SimDuration::from_secs(10),
            timer: 1
        }
    );
    assert_eq!(dies(&supervisor, &mut memory, now + 599.0), Some(300.0));
    assert_eq!(
        supervisor.on_timer(&mut memory, 0, &at(now + 899.0)),
        Do::Start(0)
    );
    assert_eq!(
        dies(&supervisor, &mut memory, now + 899.0 + 600.0),
        Some(10.0)
    );
}

#[test]
fn a_supervisor_gives_up_and_leaves_alone_what_others_have_started() {
    let spec = r#"supervisor(service: "db", backoff: "1s", factor: 1, restarts: 2)"#;
    let ControllerSpec::Supervisor(supervisor) = read_part(spec).unwrap() else {
        panic!("a supervisor");
    };
    let mut memory = supervisor.memory(1);
    assert_eq!(dies(&supervisor, &mut memory, 1.0), Some(1.0));
    assert_eq!(supervisor.on_timer(&mut memory, 0, &at(2.0)), Do::Start(0));
    assert_eq!(dies(&supervisor, &mut memory, 3.0), Some(1.0));
    supervisor.on_started(&mut memory, 0, &at(3.5));
    assert_eq!(supervisor.on_timer(&mut memory, 0, &at(4.0)), Do::Nothing);
    assert_eq!(dies(&supervisor, &mut memory, 5.0), None);
}

#[test]
fn an_operator_waits_for_the_alert_and_looks_again() {
    let spec = r#"operator(when: "goodput(u) < 1/s", for: "2s", after: "5s", times: 2, do: [load("u", 0), wait("1s")])"#;
    let ControllerSpec::Operator(operator) = read_part(spec).unwrap() else {
        panic!("an operator");
    };
    let mut shift = operator.memory(0);
    let alert = Do::Wake {
        after: SimDuration::from_secs(5),
        timer: 0,
    };
    let looks = |shift: &mut _, from: u32, all: &[bool]| -> Vec<Do> {
        let all = all.iter().zip(from..);
        all.map(|(holds, now)| operator.on_look(shift, *holds, &at(f64::from(now))))
            .collect()
    };
    let nothing = Do::Nothing;
    // A gap begins the span afresh.
    let answers = looks(&mut shift, 1, &[true, true, false, true, true, true]);
    assert_eq!(
        answers,
        [nothing, nothing, nothing, nothing, nothing, alert]
    );
    // What has gone away by itself is left alone, and watched again.
    looks(&mut shift, 7, &[true, false]);
    assert_eq!(operator.on_timer(&mut shift, 0, &at(11.0)), nothing);
    assert_eq!(
        looks(&mut shift, 12, &[true, true, true]),
        [nothing, nothing, alert]
    );
    assert_eq!(
        operator.on_timer(&mut shift, 0, &at(19.0)),
        Do::Act(ActionId::new(0))
    );
    assert_eq!(
        operator.on_done(&mut shift, ActionId::new(0), &at(19.0)),
        Do::Act(ActionId::new(1))
    );
    assert_eq!(
        operator.on_done(&mut shift, ActionId::new(1), &at(20.0)),
        nothing
    );
    assert!(!operator.is_over(&shift), "it may act twice");
    assert_eq!(looks(&mut shift, 20, &[true, true, true])[2], alert);
    assert_eq!(
        operator.on_timer(&mut shift, 0, &at(27.0)),
        Do::Act(ActionId::new(0))
    );
    operator.on_done(&mut shift, ActionId::new(1), &at(28.0));
    assert!(operator.is_over(&shift));
}

#[test]
fn a_governor_slows_down_and_calls_a_human() {
    let governor = |more: &str| {
        let text = format!(r#"governor(window: "60s", free: 1, pause: "2s", cap: "5s", {more})"#);
        let ControllerSpec::Governor(governor) = read_part(&text).unwrap() else {
            panic!("a governor");
        };
        governor
    };
    let one = |all| Asked {
        instances: Some((0, 1, all)),
    };
    let after = |seconds| Leave::After(SimDuration::from_secs(seconds));
    let alert = Leave::Alert {
        after: SimDuration::from_secs(300),
        timer: u32::MAX,
    };

    // Each further one waits longer, up to the cap; what is older than the window counts no more.
    let slow = governor("most: 5");
    let mut log = slow.memory(0);
    let mut ask = |seconds| slow.on_asked(&mut log, &one(9), &at(seconds));
    assert_eq!(ask(0.0), Leave::Granted);
    assert_eq!(
        [ask(1.0), ask(2.0), ask(3.0)],
        [after(2), after(4), after(5)]
    );
    // Of the four, at 0, 3, 6 and 8 s, the first is over at 60 s.
    assert_eq!(ask(60.0), after(5));
    assert_eq!([ask(60.5), ask(61.0)], [after(5), alert]);
    assert_eq!(ask(62.0), Leave::Held);
    // What has waited long enough is held back with the rest, until the human lifts it.
    assert_eq!(slow.on_timer(&mut log, 7, &at(65.0)), Do::Nothing);
    assert_eq!(
        slow.on_timer(&mut log, u32::MAX, &at(361.0)),
        Do::ReleaseAll
    );
    assert_eq!(slow.on_timer(&mut log, 8, &at(362.0)), Do::Release(8));
    assert_eq!(slow.on_asked(&mut log, &one(9), &at(363.0)), Leave::Granted);

    // A share of the fleet; one instance may always be acted on. The human confirms.
    let shy = governor("share: 0.3, human: confirm");
    let mut log = shy.memory(0);
    assert_eq!(shy.on_asked(&mut log, &one(3), &at(0.0)), Leave::Granted);
    let other = Asked {
        instances: Some((1, 2, 10)),
    };
    assert_eq!(shy.on_asked(&mut log, &other, &at(1.0)), after(2));
    assert_eq!(shy.on_asked(&mut log, &one(3), &at(2.0)), alert);
    assert_eq!(shy.on_timer(&mut log, u32::MAX, &at(302.0)), Do::DropAll);
    assert_eq!(shy.on_asked(&mut log, &one(3), &at(999.0)), Leave::Denied);
}

#[test]
fn examples_can_be_read_and_are_sound() {
    for (example, (name, _)) in EXAMPLES.iter().zip(REGISTRY) {
        let spec: ControllerSpec = read_part(example).unwrap();
        assert_eq!(spec.name(), *name);
        assert_eq!(spec.validate(), Vec::new(), "{example}");
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, field) in [
        (r#"supervisor(service: "db", backoff: "0s")"#, "backoff"),
        (r#"supervisor(service: "db", factor: 0.5)"#, "factor"),
        (r#"supervisor(service: "db", cap: "1s")"#, "cap"),
        (r#"supervisor(service: "db", restarts: 0)"#, "restarts"),
        (r#"operator(do: [wait("1s")])"#, "when"),
        (
            r#"operator(at: "1s", when: "goodput(u) < 1/s", do: [wait("1s")])"#,
            "at",
        ),
        (r#"operator(at: "1s", for: "1s", do: [wait("1s")])"#, "for"),
        (r#"operator(at: "1s", times: 2, do: [wait("1s")])"#, "times"),
        (r#"operator(at: "1s", do: [])"#, "do"),
        (r#"governor(window: "0s")"#, "window"),
        (r#"governor(factor: 0.5)"#, "factor"),
        (r#"governor(cap: "1s")"#, "cap"),
        (r#"governor(share: 2)"#, "share"),
    ] {
        let spec: ControllerSpec = read_part(text).unwrap();
        let wrong = spec.validate();
        assert!(
            wrong.iter().any(|(found, _)| *found == field),
            "{text}: {wrong:?}"
        );
    }
}
