//! Steps of endpoints: each kind says what is wrong with it ([`crate::scenario::steps::StepKind::check`]), at its
//! place.

use super::checker::{Checker, join};
use crate::limits::DEEPEST_REPEAT;
use crate::quantity::distribution::DurationSpec;
use crate::scenario::diagnostics::Code;
use crate::scenario::path::Segment;
use crate::scenario::steps::{Check, Step};

/// A step that is being checked.
struct AtStep<'c, 'a> {
    checker: &'c mut Checker<'a>,
    /// Name of its service.
    service: &'c str,
    path: Vec<Segment>,
}

impl Check for AtStep<'_, '_> {
    fn wrong(&mut self, code: Code, field: &[Segment], message: String) -> &mut Vec<String> {
        let path = join(&self.path, field);
        &mut self.checker.report(code, &path, message).help
    }
    fn duration(&mut self, spec: &DurationSpec, field: &[Segment]) {
        self.checker.distribution(spec, &join(&self.path, field));
    }
    fn weight(&mut self, weight: f64, field: &[Segment]) {
        self.checker.weight(weight, &join(&self.path, field));
    }
    fn share(&mut self, share: f64, field: &[Segment], what: &str) {
        self.checker.share(share, &join(&self.path, field), what);
    }
    fn target(&mut self, to: &str, field: &[Segment]) {
        self.checker.target_exists(to, &join(&self.path, field));
    }
    fn pool(&mut self, name: &str, field: &[Segment]) {
        let path = join(&self.path, field);
        self.checker.pool_exists(self.service, name, &path);
    }
}

impl Checker<'_> {
    /// What is wrong with the steps of a list that stands in so many loops.
    pub(super) fn steps(&mut self, service: &str, steps: &[Step], path: &[Segment], loops: usize) {
        for (i, step) in steps.iter().enumerate() {
            let path = join(path, &[i.into()]);
            if step.loops() && loops == DEEPEST_REPEAT {
                let name = step.name();
                let message = format!("`{name}` stands more than {DEEPEST_REPEAT} deep in others");
                self.report(Code::TooDeep, &path, message);
                continue;
            }
            step.check(&mut AtStep {
                checker: self,
                service,
                path: path.clone(),
            });
            for (at, inner) in step.lists() {
                let loops = loops + usize::from(step.loops());
                self.steps(service, inner, &join(&path, &at), loops);
            }
        }
    }

    /// What is suspicious about the steps of a list.
    pub(super) fn steps_suspect(&mut self, service: &str, steps: &[Step], path: &[Segment]) {
        for (i, step) in steps.iter().enumerate() {
            let path = join(path, &[i.into()]);
            step.suspect(&mut AtStep {
                checker: self,
                service,
                path: path.clone(),
            });
            for (at, inner) in step.lists() {
                self.steps_suspect(service, inner, &join(&path, &at));
            }
        }
    }

    pub(super) fn weight(&mut self, weight: f64, path: &[Segment]) {
        if !(weight.is_finite() && weight > 0.0) {
            self.report(
                Code::Weight,
                path,
                format!("a weight must be positive, not {weight}"),
            );
        }
    }
}
