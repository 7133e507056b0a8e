//! The columns of the tables: which there are, in which order, and what they hold.

use sim_models::experiment::sweep::Sweep;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number that is not negative.
    Integer,
    /// A number, infinite, or nothing.
    Number,
    /// True or false.
    Truth,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A whole number.
    Integer(u64),
    /// A number, infinite, or nothing.
    Number(Option<f64>),
    /// True or false.
    Truth(bool),
}

/// A column that is always there, with its heading and what it holds.
pub type Fixed = (&'static str, Kind);

/// What stands before the settings in every table.
pub const POINT: &[Fixed] = &[("point", Kind::Integer)];
/// Which run it is.
pub const REPLICATION: &[Fixed] = &[("replication", Kind::Integer)];
/// Which window it is.
pub const WINDOW: &[Fixed] = &[("replication", Kind::Integer), ("time_s", Kind::Number)];
/// What is told of every run besides its measures.
pub const RUN: &[Fixed] = &[
    ("seed", Kind::Integer),
    ("digest", Kind::Text),
    ("events", Kind::Integer),
    ("stopped_by", Kind::Text),
    ("verdict", Kind::Text),
    ("metastable", Kind::Truth),
];
/// What is told of every measure at every point.
pub const CELL: &[Fixed] = &[
    ("measure", Kind::Text),
    ("runs", Kind::Integer),
    ("count", Kind::Integer),
    ("finite", Kind::Integer),
    ("mean", Kind::Number),
    ("mean_low", Kind::Number),
    ("mean_high", Kind::Number),
    ("sd", Kind::Number),
    ("median", Kind::Number),
    ("median_low", Kind::Number),
    ("median_high", Kind::Number),
    ("median_level", Kind::Number),
    ("p90", Kind::Number),
    ("p90_low", Kind::Number),
    ("p90_high", Kind::Number),
    ("p90_level", Kind::Number),
    ("min", Kind::Number),
    ("max", Kind::Number),
];

/// The columns of `runs`.
#[must_use]
pub fn runs(sweep: &Sweep) -> Vec<Column> {
    assemble(sweep, REPLICATION, RUN, true)
}

/// The columns of `windows`.
#[must_use]
pub fn windows(sweep: &Sweep) -> Vec<Column> {
    assemble(sweep, WINDOW, &[], true)
}

/// The columns of `cells`.
#[must_use]
pub fn cells(sweep: &Sweep) -> Vec<Column> {
    assemble(sweep, &[], CELL, false)
}

/// The names of the measures, as they stand in `runs`.
#[must_use]
pub fn measures(sweep: &Sweep) -> Vec<String> {
    let all = runs(sweep);
    let measures = all.len() - sweep.measures.len();
    all.into_iter()
        .skip(measures)
        .map(|column| column.name)
        .collect()
}

/// The names of the axes, as they stand in `runs`.
#[must_use]
pub fn axes(sweep: &Sweep) -> Vec<String> {
    let before = POINT.len() + REPLICATION.len();
    let all = runs(sweep).into_iter().skip(before);
    all.take(sweep.axes.len())
        .map(|column| column.name)
        .collect()
}

/// What the column of an axis holds: numbers if all its places are, whole ones if it has no unit and
/// all are whole.
#[must_use]
pub fn kind(sweep: &Sweep, axis: usize) -> Kind {
    let places = || {
        sweep
            .points
            .iter()
            .map(|point| point.coordinates[axis].number)
    };
    let is_whole = |number: f64| number.fract() == 0.0 && (0.0..=MOST_WHOLE).contains(&number);
    if places().any(|place| place.is_none()) {
        Kind::Text
    } else if sweep.axes[axis].unit.is_empty() && places().flatten().all(is_whole) {
        Kind::Integer
    } else {
        Kind::Number
    }
}

/// Whole numbers up to this one are exact.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Where a point lies on an axis whose column holds such things.
#[must_use]
pub fn coordinate(sweep: &Sweep, point: usize, axis: usize, kind: Kind) -> Value<'_> {
    let coordinate = &sweep.points[point].coordinates[axis];
    match (kind, coordinate.number) {
        (Kind::Integer, Some(number)) => Value::Integer(number as u64),
        (Kind::Number, number) => Value::Number(number),
        _ => Value::Text(&coordinate.label),
    }
}

fn assemble(sweep: &Sweep, before: &[Fixed], after: &[Fixed], measures: bool) -> Vec<Column> {
    let fixed = |columns: &[Fixed]| -> Vec<Column> {
        let named = columns.iter().map(|(name, kind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
        });
        named.collect()
    };
    // Settings and measures give way to the columns that are always there, in whichever table, so
    // that one has the same name everywhere.
    let mut taken: Vec<String> = [POINT, REPLICATION, WINDOW, RUN, CELL]
        .iter()
        .flat_map(|columns| columns.iter().map(|(name, _)| (*name).to_owned()))
        .collect();
    let mut all = fixed(POINT);
    all.extend(fixed(before));
    for (number, axis) in sweep.axes.iter().enumerate() {
        all.push(Column {
            name: unique(axis.column(), &mut taken),
            kind: kind(sweep, number),
        });
    }
    all.extend(fixed(after));
    if measures {
        for measure in &sweep.measures {
            all.push(Column {
                name: unique(measure.column(), &mut taken),
                kind: Kind::Number,
            });
        }
    }
    all
}

/// The name, with a number behind it if it is taken.
fn unique(name: String, taken: &mut Vec<String>) -> String {
    let mut free = name.clone();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    taken.push(free.clone());
    free
}
