//! Policies that somebody trips or resets by hand.

use super::{At, Decision, KEY, Line, Trace};
use crate::resilience::Context;

impl Trace<'_> {
    /// Somebody trips the policies that can be, or resets them: the parts of their memories that are meant for a call such
    /// as the line says.
    pub(super) fn by_hand(&mut self, line: &Line, trips: bool) -> Result<Decision, String> {
        let parts = self.layers.iter().map(|policy| Self::part(policy, line));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        if !self.layers.iter().any(|policy| policy.is_by_hand()) {
            return Err("nothing here can be tripped or reset by hand, as a breaker can".into());
        }
        for (layer, policy) in self.layers.iter().enumerate() {
            if !policy.is_by_hand() {
                continue;
            }
            let waiting = self.rooms[layer]
                .get(&parts[layer])
                .map_or(0, |room| room.len());
            let mut context = Context {
                callees: u32::from(self.callees),
                waiting: waiting as u32,
                key: KEY,
                caller: u32::from(line.caller),
                ..Context::new(self.now, &mut self.counters[layer])
            };
            let memory = self.memories[layer]
                .entry(parts[layer].clone())
                .or_insert_with(|| policy.memory());
            policy.on_hand(memory, trips, &mut context);
            let wake = context.wake;
            self.wake(layer, &parts[layer], wake);
        }
        self.run_woken();
        let (alone, policies) = self.tell(&parts, line.callee);
        Ok(Decision {
            t: line.t,
            id: line.id.clone(),
            permitted: false,
            wait: None,
            at: At::Nowhere,
            outcome: None,
            retry_after: None,
            state: alone.state,
            numbers: alone.numbers,
            counts: alone.counts,
            policies,
        })
    }
}
