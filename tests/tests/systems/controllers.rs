//! Who acts on a random system from outside.

use super::Maker;
use sim_tests::draws::Draws;

impl Maker {
    /// Controllers, if any; `open` names the workloads of which some requests can be kept back. Whether one of them
    /// lifts the fault `f0` is said as well.
    pub(super) fn controllers(&mut self, open: &[String]) -> (String, bool) {
        let (mut text, mut lifts) = (String::new(), false);
        for service in 0..self.services {
            if self.chance(0.25) {
                text += &format!("        \"v{service}\": {},\n", self.supervisor(service));
            }
        }
        if self.chance(0.4) {
            text += &format!("        \"g\": {},\n", self.governor());
        }
        for number in 0..self.number(0, 2) {
            let (operator, lift) = self.operator(open);
            text += &format!("        \"o{number}\": {operator},\n");
            lifts |= lift;
        }
        (text, lifts)
    }

    fn supervisor(&mut self, service: u64) -> String {
        let backoff = self.number(1, 1500);
        let factor = self.one(&["1", "1.5", "2"]);
        let reset = self.number(1, 4000);
        let mut text = format!(
            "supervisor(service: \"s{service}\", backoff: \"{backoff}ms\", factor: {factor}, cap: \"4s\", reset: \"{reset}ms\""
        );
        if self.chance(0.3) {
            text += &format!(", restarts: {}", self.number(1, 3));
        }
        text + ")"
    }

    fn governor(&mut self) -> String {
        let (window, free, pause) = (self.number(1, 9000), self.number(0, 3), self.number(0, 900));
        let (share, human) = (self.one(&["0", "0.5", "1"]), self.one(&["lift", "confirm"]));
        let reaction = self.number(0, 3000);
        format!(
            "governor(window: \"{window}ms\", free: {free}, pause: \"{pause}ms\", cap: \"1s\", most: {}, share: {share}, reaction: \"{reaction}ms\", human: {human})",
            self.number(1, 6)
        )
    }

    fn operator(&mut self, open: &[String]) -> (String, bool) {
        let service = self.number(0, self.services - 1);
        let mut text = if self.chance(0.5) {
            format!("at: \"{}ms\"", self.number(0, 7000))
        } else {
            let when = match self.number(0, 3) {
                0 => format!("queue(s{service}, max) >= {}", self.number(0, 3)),
                1 => format!("arrivals(s{service}) > {}/s", self.number(0, 40)),
                2 => "success_ratio(w0) < 95%".to_owned(),
                _ => "latency_true(w0, p90) > 20ms".to_owned(),
            };
            let over = self.number(1, 3000);
            let times = self.number(1, 4);
            format!("when: \"{when}\", over: \"{over}ms\", times: {times}")
        };
        if text.starts_with("when") && self.chance(0.5) {
            text += &format!(", for: \"{}ms\"", self.number(1, 3000));
        }
        if self.chance(0.5) {
            text += &format!(", after: \"{}ms\"", self.number(1, 900));
        }
        let mut lifts = false;
        let actions = self.number(1, 4);
        let actions = (0..actions).map(|_| {
            let action = self.action(open);
            lifts |= action.starts_with("lift");
            action
        });
        let actions: Vec<String> = actions.collect();
        (
            format!("operator({text}, do: [{}])", actions.join(", ")),
            lifts,
        )
    }

    fn action(&mut self, open: &[String]) -> String {
        let service = self.number(0, self.services - 1);
        let share = self.one(&["0", "0.3", "0.9", "1"]);
        match self.number(0, 5) {
            0 if !open.is_empty() => {
                let load = &open[self.number(0, open.len() as u64 - 1) as usize];
                format!("load(\"{load}\", {share})")
            }
            1 if !open.is_empty() => {
                let load = &open[self.number(0, open.len() as u64 - 1) as usize];
                format!("shed(\"{load}\", {share})")
            }
            2 => "lift(\"f0\")".to_owned(),
            3 => {
                let which = self.one(&["all", "one", "count(1)", "percent(50)", "only([0])"]);
                format!(
                    "restart(service: \"s{service}\", instances: {which}, boot: \"{}ms\", pause: \"{}ms\", at_once: {})",
                    self.number(0, 500),
                    self.number(0, 500),
                    self.number(1, 2)
                )
            }
            4 => {
                let field = self.one(&["queue.limit", "backlog", "threads"]);
                let value = match field {
                    "threads" => self.one(&["1", "2", "9", "unbounded"]),
                    _ => self.one(&["0", "1", "5", "unbounded"]),
                };
                format!("set(\"services.s{service}.{field}\", {value})")
            }
            _ => format!("wait(\"{}ms\")", self.number(1, 2000)),
        }
    }
}
