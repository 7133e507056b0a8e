//! The states of policies over time, as thin bands: when a breaker was open, when instances were ejected.
//!
//! A band is one policy of one edge. It is empty while all of its memories are in the state that they begin in; where
//! some are not it has the colour of their state, the fuller the more of them are.

use super::bins::{self, Bins};
use super::canvas::{Anchor, Canvas, Ink, Letters, Rect, Stroke};
use super::figure::RIGHT;
use super::palette;
use super::panel::{Note, TimeAxis};
use sim_models::observe::summary::RunResult;

/// The most bands; what comes after them is summed up in the last one.
const MOST: usize = 8;
/// Height of a band and of the line above the bands, pixels.
const BAND: f64 = 17.0;
/// How full the colour of the smallest share is.
const PALEST: f64 = 0.25;
/// Colours of the states after the first.
const INKS: [Ink; 3] = [palette::VERMILION, palette::BLUE, palette::BLACK];

/// One policy, or several that are summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    name: String,
    /// The states that there were but the first, and for each point in time the share in it.
    states: Vec<(String, Vec<f64>)>,
}

/// All bands of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bands {
    bands: Vec<Band>,
    /// The names of all states that are drawn.
    states: Vec<String>,
    /// Policies that never left the state that they begin in.
    calm: Vec<String>,
}

impl Bands {
    /// The policies that have states.
    #[must_use]
    pub fn of(result: &RunResult, bins: &Bins) -> Self {
        let mut all = Self::default();
        let edges = result.series.states.iter();
        for (edge, policies) in edges {
            for (policy, states) in policies {
                let name = format!("{} on {edge}", kind(policy, policies.keys()));
                let states = states.iter();
                let shares = states.map(|(state, shares)| (state.clone(), bins.mean(shares)));
                let states: Vec<_> = shares
                    .filter(|(_, shares)| bins::largest(shares) > 0.0)
                    .collect();
                if states.is_empty() {
                    all.calm.push(name);
                } else {
                    all.bands.push(Band { name, states });
                }
            }
        }
        let area = |band: &Band| -> f64 { band.states.iter().flat_map(|(_, all)| all).sum() };
        if all.bands.len() > MOST {
            all.bands.sort_by(|a, b| area(b).total_cmp(&area(a)));
            let rest = all.bands.split_off(MOST - 1);
            all.bands.push(summed(&rest));
        }
        for (state, _) in all.bands.iter().flat_map(|band| &band.states) {
            if !all.states.contains(state) {
                all.states.push(state.clone());
            }
        }
        all.states.sort();
        all
    }

    /// The height that they need, pixels.
    #[must_use]
    pub fn height(&self) -> f64 {
        if self.bands.is_empty() && self.calm.is_empty() {
            return 0.0;
        }
        BAND * (self.bands.len() + 1) as f64 + 6.0
    }

    /// Draws them above panels that span `rect`.
    pub fn draw(&self, canvas: &Canvas, time: &TimeAxis, seconds: f64, top: f64, rect: Rect) {
        if self.height() == 0.0 {
            return;
        }
        self.heading(canvas, top, rect);
        for (number, band) in (1..).zip(&self.bands) {
            let y = top + BAND * f64::from(number);
            let lane = Rect::new(rect.left, y + 2.0, rect.width, BAND - 5.0);
            self.draw_band(canvas, band, time, seconds, lane);
            let letters = Letters::new(12.0, palette::BLACK);
            let name = canvas.shorten_name(&band.name, letters, RIGHT - 16.0);
            let middle = lane.top + lane.height / 2.0;
            canvas.label(&name, (rect.right() + 10.0, middle), Anchor::Start, letters);
        }
    }

    fn ink(&self, state: &str) -> Ink {
        let number = self.states.iter().position(|name| name == state);
        INKS[number.unwrap_or(0) % INKS.len()]
    }

    fn heading(&self, canvas: &Canvas, top: f64, rect: Rect) {
        let y = top + BAND / 2.0 + 2.0;
        let bold = Letters::new(12.0, palette::BLACK).bold();
        let small = Letters::new(12.0, palette::GREY);
        let mut x = rect.left;
        let mut write = |text: &str, letters: Letters| {
            canvas.label(text, (x, y), Anchor::Start, letters);
            x += canvas.text_width(text, letters) + 14.0;
            x
        };
        let mut end = write("States of policies", bold);
        for state in &self.states {
            let swatch = Rect::new(end, y - 5.0, 14.0, 10.0);
            canvas.fill(swatch, self.ink(state));
            let name = format!("      {}", state.replace('_', " "));
            end = write(&name, small);
        }
        if !self.bands.is_empty() {
            end = write("paler: of fewer of its memories", small);
        }
        if !self.calm.is_empty() {
            let note = Note {
                lead: match self.calm.len() {
                    1 => "1 never left its first state".to_owned(),
                    more => format!("{more} never left their first state"),
                },
                names: self.calm.clone(),
            };
            let text = note.text(canvas, small, rect.right() + RIGHT - 16.0 - end);
            canvas.label(&text, (end, y), Anchor::Start, small);
        }
    }

    fn draw_band(&self, canvas: &Canvas, band: &Band, time: &TimeAxis, width: f64, lane: Rect) {
        // Neighbours that look alike are one bar.
        let shares = |point: usize| -> Vec<f64> {
            let shares = band.states.iter();
            shares.map(|(_, all)| all[point].max(0.0)).collect()
        };
        let mut from = 0;
        while from < time.points.len() {
            let here = shares(from);
            let mut to = from + 1;
            while to < time.points.len() && shares(to) == here {
                to += 1;
            }
            let all: f64 = here.iter().sum();
            if all > 0.0 {
                let start = time.place(time.points[from] - width / 2.0, lane);
                let end = time.place(time.points[to - 1] + width / 2.0, lane);
                let fullness = PALEST + (1.0 - PALEST) * all.min(1.0);
                let mut y = lane.top;
                for ((state, _), share) in band.states.iter().zip(&here) {
                    let ink = self.ink(state);
                    let ink = plotters::style::RGBAColor(ink.0, ink.1, ink.2, fullness);
                    let height = lane.height * share / all;
                    if height > 0.0 {
                        canvas.fill(Rect::new(start, y, (end - start).max(1.0), height), ink);
                    }
                    y += height;
                }
            }
            from = to;
        }
        let base = lane.bottom() + 1.0;
        let line = Stroke::solid(0.5, palette::GREY);
        canvas.line(&[(lane.left, base), (lane.right(), base)], line);
    }
}

/// A policy without its position, unless there are two of its kind: `breaker`.
fn kind<'a>(name: &'a str, all: impl Iterator<Item = &'a String>) -> &'a str {
    let bare = |name: &'a str| name.split_once(' ').map_or(name, |(_, kind)| kind);
    let alike = all.filter(|other| bare(other) == bare(name)).count();
    if alike > 1 { name } else { bare(name) }
}

/// The mean of several bands.
fn summed(bands: &[Band]) -> Band {
    let mut states: Vec<(String, Vec<f64>)> = Vec::new();
    let count = bands.len() as f64;
    for (state, shares) in bands.iter().flat_map(|band| &band.states) {
        match states.iter_mut().find(|(name, _)| name == state) {
            Some((_, sum)) => {
                for (sum, share) in sum.iter_mut().zip(shares) {
                    *sum += share / count;
                }
            }
            None => {
                let shares = shares.iter().map(|share| share / count).collect();
                states.push((state.clone(), shares));
            }
        }
    }
    Band {
        name: format!("{} more, on average", bands.len()),
        states,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::retry_storm;
    use std::collections::BTreeMap;

    /// So many edges with a breaker that is open from 60 s on, and one with a breaker that never is.
    fn run(edges: usize) -> RunResult {
        let mut result = retry_storm();
        let windows = result.series.time.len();
        for n in 0..=edges {
            let open = |w: usize| {
                if n > 0 && w >= 60 {
                    1.0 / n as f64
                } else {
                    0.0
                }
            };
            let states = BTreeMap::from([
                ("half_open".into(), vec![0.0; windows]),
                ("open".into(), (0..windows).map(open).collect()),
            ]);
            let policies = BTreeMap::from([("1 breaker".to_owned(), states)]);
            result
                .series
                .states
                .insert(format!("web -> s{n}"), policies);
        }
        result
    }

    fn bands(result: &RunResult) -> Bands {
        Bands::of(result, &Bins::of(&result.series))
    }

    #[test]
    fn only_what_turned_has_a_band_and_the_rest_is_told() {
        let bands = bands(&run(2));
        let names: Vec<&str> = bands.bands.iter().map(|band| band.name.as_str()).collect();
        assert_eq!(names, ["breaker on web -> s1", "breaker on web -> s2"]);
        assert_eq!(bands.calm, ["breaker on web -> s0"]);
        assert_eq!(bands.states, ["open"]);
        assert_eq!(Bands::default().height(), 0.0);
    }

    #[test]
    fn many_are_summed_up_in_the_last_band() {
        let bands = bands(&run(20));
        assert_eq!(bands.bands.len(), MOST);
        assert_eq!(bands.bands[0].name, "breaker on web -> s1");
        assert_eq!(bands.bands[MOST - 1].name, "13 more, on average");
    }

    #[test]
    fn the_timeline_shows_them() {
        let svg = crate::charts::timeline::timeline(&run(2));
        for text in [
            "States of policies",
            "breaker on web -&gt; s1",
            "never left its first state: breaker on web -&gt; s0",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("NaN"));
    }
}
