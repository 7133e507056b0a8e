//! Charts of a sweep: which ones tell the most depends on what varies.
//!
//! One parameter: curves. Two: curves, if one is a number and the other has few values, else a heat
//! map. Three: small multiples of these. More, or points drawn at random: parallel coordinates, and
//! the measure against each parameter. Always the verdicts, where there is a hypothesis.

pub mod grid;
pub mod values;
pub mod effects;
pub mod knee;
pub mod findings;
#[cfg(test)]
pub(crate) mod tests;

pub use grid::Grid;
pub use values::{Column, columns, measured};

use super::Chart;
use super::plot::curves::{self, Curve, Curves};
use super::plot::data::{Estimate, Factor, Judged, Measured, Wish};
use super::plot::heat_map::{self, Cell, HeatMap};
use super::plot::page::Page;
use super::plot::parallel::{self, Beside, Parallel};
use super::plot::shares::{self, Shares};
use super::plot::slices::{self, Slices};
use super::scale::Unit;
use effects::Family;
use sim_models::experiment::sweep::Table;

/// The most charts.
const MOST: usize = 8;
/// The most lines of one panel.
const MOST_LINES: usize = 6;
/// The most panels of a chart.
const MOST_PANELS: usize = 12;
/// The most bars of verdicts.
const MOST_ROWS: usize = 60;

/// All charts of a sweep, the most telling first.
#[must_use]
pub fn charts(table: &Table<'_>) -> Vec<Chart> {
    let sweep = table.sweep;
    let grid = Grid::of(&sweep.axes, &sweep.points);
    let columns = columns(table);
    let held = values::held(table);
    let drawing = Drawing {
        form: Form::of(&grid),
        title: None,
        note: values::note(table),
        grid: &grid,
        held: &held,
        families: &families(&grid, &columns),
    };
    let judged = usize::from(!held.is_empty());
    let mut charts: Vec<Chart> = Vec::new();
    if drawing.form == Form::Parallel && grid.factors.len() > 1 {
        charts.extend(drawing.parallel(&columns));
    }
    let room = MOST - judged - charts.len();
    charts.extend(
        columns
            .iter()
            .take(room)
            .map(|column| drawing.chart(column)),
    );
    if judged > 0 {
        charts.push(drawing.verdicts(table));
    }
    charts
}

/// What the measures of a sweep show, in words, the most telling measure first; of each its name and the
/// sentences.
#[must_use]
pub fn words(table: &Table<'_>) -> Vec<(String, Vec<String>)> {
    let grid = Grid::of(&table.sweep.axes, &table.sweep.points);
    let columns = columns(table);
    let drawing = Drawing {
        form: Form::of(&grid),
        title: None,
        note: String::new(),
        grid: &grid,
        held: &[],
        families: &families(&grid, &columns),
    };
    columns
        .iter()
        .map(|column| (column.measured.name.clone(), drawing.found(column)))
        .filter(|(_, sentences)| !sentences.is_empty())
        .collect()
}

/// How the points of a sweep are shown. The numbers are indices of factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Curves along one factor; lines and panels by others.
    Curves {
        across: usize,
        lines: Option<usize>,
        panels: Option<usize>,
    },
    /// Cells over two factors; panels by a third.
    Cells {
        across: usize,
        upward: usize,
        panels: Option<usize>,
    },
    /// All factors beside each other.
    Parallel,
}

impl Form {
    fn of(grid: &Grid) -> Self {
        let factors = &grid.factors;
        if !grid.full && factors.len() > 1 || factors.is_empty() {
            return Self::Parallel;
        }
        let count = |n: usize| factors[n].levels.len();
        let long = |n: &usize| factors[*n].numbers().is_some() && count(*n) >= 4;
        let by_length = |among: &[usize]| {
            let mut among = among.to_vec();
            // Of equally long ones the last, which varies fastest, goes across.
            among.sort_by_key(|n| (std::cmp::Reverse(count(*n)), std::cmp::Reverse(*n)));
            among
        };
        let all: Vec<usize> = (0..factors.len()).collect();
        let ranked = by_length(&all);
        let numeric: Vec<usize> = ranked.iter().copied().filter(long).collect();
        match (ranked.as_slice(), numeric.as_slice()) {
            ([only], _) => Self::Curves {
                across: *only,
                lines: None,
                panels: None,
            },
            ([a, b], [across]) => {
                let lines = if a == across { *b } else { *a };
                if count(lines) <= MOST_LINES {
                    Self::Curves {
                        across: *across,
                        lines: Some(lines),
                        panels: None,
                    }
                } else {
                    cells(factors, *a, *b, None)
                }
            }
            ([a, b], _) => cells(factors, *a, *b, None),
            ([_, _, _], [across]) => {
                let rest: Vec<usize> = ranked.iter().copied().filter(|n| n != across).collect();
                let (panels, lines) = (rest[0], rest[1]);
                if count(lines) <= MOST_LINES && count(panels) <= MOST_PANELS {
                    Self::Curves {
                        across: *across,
                        lines: Some(lines),
                        panels: Some(panels),
                    }
                } else {
                    Self::Parallel
                }
            }
            ([a, b, c], _) if count(*c) <= MOST_PANELS => cells(factors, *a, *b, Some(*c)),
            _ => Self::Parallel,
        }
    }
}

/// Numbers go across before words do: words are easier to read beside rows.
fn cells(factors: &[Factor], a: usize, b: usize, panels: Option<usize>) -> Form {
    let numeric = |n: usize| factors[n].numbers().is_some();
    let (across, upward) = if numeric(b) && !numeric(a) {
        (b, a)
    } else {
        (a, b)
    };
    Form::Cells {
        across,
        upward,
        panels,
    }
}

/// What all charts of a sweep share.
struct Drawing<'a> {
    form: Form,
    /// Instead of the best and the worst of what is shown.
    title: Option<String>,
    note: String,
    grid: &'a Grid,
    held: &'a [Judged],
    /// What may be said of measures, by the names of their columns.
    families: &'a [(String, Family)],
}

/// What may be said of each measure, given all.
fn families(grid: &Grid, columns: &[Column]) -> Vec<(String, Family)> {
    let names = columns.iter().map(|column| column.name.clone());
    names.zip(effects::families(grid, columns)).collect()
}

impl Drawing<'_> {
    fn family(&self, column: &Column) -> Family {
        let mut all = self.families.iter();
        let own = all.find(|(name, _)| *name == column.name);
        own.map_or_else(Family::default, |(_, family)| family.clone())
    }

    fn page(&self, column: &Column, guide: &str) -> Page {
        if let Some(title) = &self.title {
            return Page::new(title, guide, &self.note);
        }
        let found = self.found(column);
        // Where one thing depends on another there is more to say.
        let luck = self.family(column).is_all_luck() && found.len() < 2;
        let (title, settings) = findings::extremes(self.grid, column, luck);
        let mut reasons: Vec<String> = settings.into_iter().collect();
        reasons.extend(found);
        reasons.extend(findings::rivals(column).filter(|_| !luck));
        Page::new(title, guide, &self.note).because(reasons.join(" "))
    }

    /// What a measure shows besides its best and its worst.
    fn found(&self, column: &Column) -> Vec<String> {
        let knees = match self.form {
            Form::Curves {
                across,
                lines,
                panels: None,
            } => {
                let curves = self.curves_of(column, across, lines, (None, 0));
                findings::knees(&self.grid.factors[across], &column.measured, &curves)
            }
            _ => None,
        };
        knees
            .into_iter()
            .chain(effects::effects(self.grid, column, &self.family(column)))
            .collect()
    }

    /// The curves of a panel.
    fn curves_of(
        &self,
        column: &Column,
        across: usize,
        lines: Option<usize>,
        panel: (Option<usize>, usize),
    ) -> Vec<Curve> {
        let factor = &self.grid.factors[across];
        let curve = |(line, name): (usize, String)| {
            let at = |level| self.point(&[panel, (lines, line), (Some(across), level)]);
            let points: Vec<Option<Estimate>> = (0..factor.levels.len())
                .map(|level| column.values[at(level)?])
                .collect();
            // Luck has no knees.
            let knees = match self.family(column).is_luck(across) {
                true => Vec::new(),
                false => knee::knees(factor, &points),
            };
            Curve {
                name,
                knees: knees.iter().map(|knee| knee.level).collect(),
                points,
            }
        };
        self.titles(lines).into_iter().map(curve).collect()
    }

    fn chart(&self, column: &Column) -> Chart {
        match self.form {
            Form::Curves {
                across,
                lines,
                panels,
            } => self.curves(column, across, lines, panels),
            Form::Cells {
                across,
                upward,
                panels,
            } => self.cells(column, across, upward, panels),
            Form::Parallel => self.slices(column),
        }
    }

    /// The levels of a factor that may be missing, with their titles.
    fn titles(&self, factor: Option<usize>) -> Vec<(usize, String)> {
        factor.map_or_else(
            || vec![(0, String::new())],
            |n| {
                let factor = &self.grid.factors[n];
                (0..factor.levels.len())
                    .map(|level| (level, factor.at(level)))
                    .collect()
            },
        )
    }

    /// The point at these levels of these factors.
    fn point(&self, places: &[(Option<usize>, usize)]) -> Option<usize> {
        let mut levels = vec![0; self.grid.factors.len()];
        for (factor, level) in places {
            if let Some(factor) = factor {
                levels[*factor] = *level;
            }
        }
        self.grid.point(&levels)
    }

    fn slices(&self, column: &Column) -> Chart {
        let points = self.grid.levels.iter().cloned();
        let chart = Slices {
            page: self.page(column, slices::GUIDE),
            factors: self.grid.factors.clone(),
            measured: column.measured.clone(),
            points: points.zip(column.values.iter().copied()).collect(),
        };
        Chart {
            name: format!("slices-{}", column.name),
            svg: slices::slices(&chart),
        }
    }

    fn parallel(&self, columns: &[Column]) -> Option<Chart> {
        let first = columns.first()?;
        let beside = |column: &Column| Beside {
            measured: column.measured.clone(),
            values: column.values.clone(),
        };
        let chart = Parallel {
            page: self.page(first, parallel::GUIDE),
            thick: None,
            factors: self.grid.factors.clone(),
            levels: self.grid.levels.clone(),
            measures: columns.iter().take(3).map(beside).collect(),
        };
        Some(Chart {
            name: format!("parallel-{}", first.name),
            svg: parallel::parallel(&chart),
        })
    }

    /// How the runs of each point ended; of many points only how many held.
    fn verdicts(&self, table: &Table<'_>) -> Chart {
        let held: Vec<Option<f64>> = self.held.iter().map(|one| one.share()).collect();
        let title = findings::holding(&held);
        let (kinds, counts) = values::verdicts(table);
        if counts.len() > MOST_ROWS && self.form != Form::Parallel {
            let share = |share: Option<f64>| share.map(Estimate::exact);
            let column = Column {
                name: "held".to_owned(),
                measured: Measured {
                    name: "runs in which the hypothesis held".to_owned(),
                    unit: Unit::Ratio,
                    wish: Wish::High,
                    limit: None,
                },
                rank: 0,
                runs: Vec::new(),
                values: held.into_iter().map(share).collect(),
            };
            let mut drawn = self.titled(title).chart(&column);
            drawn.name = "verdicts".to_owned();
            return drawn;
        }
        let mut order: Vec<usize> = (0..counts.len()).collect();
        let mut left_out = String::new();
        if order.len() > MOST_ROWS {
            // The best and the worst tell more than the middle.
            let share = |point: &usize| held[*point].unwrap_or_default();
            order.sort_by(|a, b| share(b).total_cmp(&share(a)));
            let middle = MOST_ROWS / 2..order.len() - MOST_ROWS / 2;
            left_out = format!("{} points in the middle are left out  ·  ", middle.len());
            order.drain(middle);
        }
        let row = |point: usize| (self.grid.short_setting(point), counts[point].clone());
        let names: Vec<&str> = self.grid.factors.iter().map(|f| f.name.as_str()).collect();
        let note = format!("{left_out}{}", self.note);
        let chart = Shares {
            page: Page::new(title, shares::GUIDE, &note),
            heading: names.join(" · "),
            kinds,
            rows: order.into_iter().map(row).collect(),
        };
        Chart {
            name: "verdicts".to_owned(),
            svg: shares::shares(&chart),
        }
    }

    fn titled(&self, title: String) -> Self {
        Self {
            title: Some(title),
            note: self.note.clone(),
            ..*self
        }
    }

    fn curves(
        &self,
        column: &Column,
        across: usize,
        lines: Option<usize>,
        panels: Option<usize>,
    ) -> Chart {
        let factor = &self.grid.factors[across];
        let panel = |(panel, title): (usize, String)| curves::Panel {
            title,
            curves: self.curves_of(column, across, lines, (panels, panel)),
        };
        let panels: Vec<curves::Panel> = self.titles(panels).into_iter().map(panel).collect();
        let mut all = panels.iter().flat_map(|panel| &panel.curves);
        let has_knee = all.any(|curve| !curve.knees.is_empty());
        let guide = format!(
            "{}{}",
            curves::GUIDE,
            if has_knee { curves::KNEES } else { "" }
        );
        let chart = Curves {
            page: self.page(column, &guide),
            across: factor.clone(),
            measured: column.measured.clone(),
            panels,
        };
        Chart {
            name: format!("curves-{}", column.name),
            svg: curves::curves(&chart),
        }
    }

    fn cells(&self, column: &Column, across: usize, upward: usize, panels: Option<usize>) -> Chart {
        let count = |factor: usize| self.grid.factors[factor].levels.len();
        let cell = |panel: usize, row: usize, place: usize| {
            let places = [(panels, panel), (Some(upward), row), (Some(across), place)];
            self.point(&places)
                .map_or_else(Cell::default, |point| Cell {
                    value: column.values[point],
                    judged: self.held.get(point).copied().unwrap_or_default(),
                })
        };
        let panel = |(panel, title): (usize, String)| heat_map::Panel {
            title,
            cells: (0..count(upward))
                .map(|row| {
                    (0..count(across))
                        .map(|place| cell(panel, row, place))
                        .collect()
                })
                .collect(),
        };
        let map = HeatMap {
            page: self.page(column, heat_map::GUIDE),
            across: self.grid.factors[across].clone(),
            upward: self.grid.factors[upward].clone(),
            measured: column.measured.clone(),
            passing: if self.held.is_empty() {
                String::new()
            } else {
                "the hypothesis".to_owned()
            },
            panels: self.titles(panels).into_iter().map(panel).collect(),
        };
        Chart {
            name: format!("heatmap-{}", column.name),
            svg: heat_map::heat_map(&map),
        }
    }
}
