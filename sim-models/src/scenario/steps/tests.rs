//! What every kind of step has to keep to.

use super::*;
use crate::scenario::explain::read_part;

/// Every example is a step of the kind that it is an example of.
#[test]
fn examples_are_steps() {
    assert_eq!(EXAMPLES.len(), REGISTRY.len());
    for ((name, summary), example) in REGISTRY.iter().zip(EXAMPLES) {
        // A step that needs others beside it comes with them.
        let steps: Vec<Step> = read_part(example).unwrap_or_else(|why| panic!("{example}: {why}"));
        assert!(steps.iter().any(|step| step.name() == *name), "{example}");
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{summary}");
    }
}

/// Those who look for steps by their parts and those who look by their lists see the same, in the same order.
#[test]
fn parts_and_lists_agree() {
    let read = |example: &&str| read_part::<Vec<Step>>(example).expect(example);
    for step in EXAMPLES.iter().flat_map(read) {
        let mut inside: Vec<&[Step]> = Vec::new();
        for part in step.parts() {
            match part {
                Part::Together { branches, .. } => inside.extend(branches),
                Part::OneOf(arms) => inside.extend(arms.into_iter().map(|(_, arm)| arm)),
                Part::Repeats { steps, .. } | Part::AtTimes(steps) => inside.push(steps),
                _ => {}
            }
        }
        let lists: Vec<&[Step]> = step.lists().into_iter().map(|(_, steps)| steps).collect();
        assert_eq!(inside, lists, "{step:?}");
        assert!(!step.parts().is_empty(), "{step:?} does nothing");
    }
}

/// A visit sees everything, each once, and knows what is in a branch.
#[test]
fn a_visit_sees_all_that_stands_inside() {
    let step: Step = read_part(
        r#"repeat(2, [call("a/x"), parallel([[call("b/x"), choice([(1, [call("c/x")])])]]), call("d/x")])"#,
    )
    .expect("a step");
    let mut seen = Vec::new();
    let steps = [step];
    visit(&steps, false, &mut |part, in_branch| {
        if let Part::Calls { to, .. } = part {
            seen.push((*to, in_branch));
        }
    });
    assert_eq!(
        seen,
        [("a/x", false), ("b/x", true), ("c/x", true), ("d/x", false)]
    );
}

/// What steps count can be measured: expressions know their counters by a list of their own, further up.
#[test]
fn what_steps_count_has_a_name() {
    assert_eq!(COUNTERS, crate::counted::OF_STEPS);
}
