//! Aligned tables of plain text.

/// The most columns of characters that a line takes.
pub const WIDTH: usize = 100;
/// Names are shortened to fit, but not below this.
const NARROWEST_NAME: usize = 12;

/// A table: the first column holds names and is aligned to the left, the others to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings; the first names the table.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(|h| (*h).to_owned()).collect()],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Whether there is nothing but headings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.len() < 2
    }

    /// The lines, the headings first, each at most [`WIDTH`] characters wide.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| width(cell)).max().unwrap_or_default()
            })
            .collect();
        let Some((name, numbers)) = widths.split_first_mut() else {
            return Vec::new();
        };
        // Names are indented by two, and two blanks part the columns.
        let others: usize = numbers.iter().map(|w| w + 2).sum();
        *name = (*name + 2).min(WIDTH.saturating_sub(others).max(NARROWEST_NAME));
        self.rows
            .iter()
            .enumerate()
            .map(|(n, row)| self.line(row, &widths, n == 0))
            .collect()
    }

    fn line(&self, row: &[String], widths: &[usize], heading: bool) -> String {
        let mut line = String::new();
        for (column, (cell, wide)) in row.iter().zip(widths).enumerate() {
            if column == 0 {
                let indent = if heading { "" } else { "  " };
                let name = shorten(&format!("{indent}{cell}"), *wide);
                line.push_str(&name);
                line.push_str(&" ".repeat(wide - width(&name)));
            } else {
                line.push_str(&" ".repeat(2 + wide - width(cell)));
                line.push_str(cell);
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Width of a text in characters.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text, shortened to this width with an ellipsis if need be.
#[must_use]
pub fn shorten(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// The text in lines of at most [`WIDTH`] characters; `first` and `rest` stand before them.
#[must_use]
pub fn wrap(text: &str, first: &str, rest: &str) -> Vec<String> {
    let mut lines = vec![first.to_owned()];
    let mut fresh = true;
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if fresh || width(line) + 1 + width(word) <= WIDTH {
            if !fresh {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(format!("{rest}{word}"));
        }
        fresh = false;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_names_shortened() {
        let mut table = Table::new(&["Services", "load", "queue"]);
        table.row(vec!["db".into(), "99%".into(), "7".into()]);
        table.row(vec!["x".repeat(120), "1%".into(), "1234567".into()]);
        let lines = table.lines();
        assert!(lines.iter().all(|line| width(line) <= WIDTH));
        assert!(lines[0].ends_with("load    queue"));
        assert!(lines[1].ends_with("99%        7"));
        assert!(lines[2].contains("…"));
    }
}
