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
        // Names that are cut short must still be told apart.
        let names: Vec<&str> = self.rows.iter().map(|row| row[0].as_str()).collect();
        let (heading, names) = names.split_first().expect("there is a first column");
        let room = widths[0].saturating_sub(2);
        let names = apart(names, room)
            .into_iter()
            .map(|name| format!("  {name}"));
        let names = std::iter::once(shorten(heading, widths[0])).chain(names);
        let rows = self.rows.iter().zip(names);
        rows.map(|(row, name)| line(row, &name, &widths)).collect()
    }
}

fn line(row: &[String], name: &str, widths: &[usize]) -> String {
    let mut line = String::new();
    for (column, (cell, wide)) in row.iter().zip(widths).enumerate() {
        if column == 0 {
            line.push_str(name);
            line.push_str(&" ".repeat(wide - width(name)));
        } else {
            line.push_str(&" ".repeat(2 + wide - width(cell)));
            line.push_str(cell);
        }
    }
    line.truncate(line.trim_end().len());
    line
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

/// Names of at most so many characters, two of which are alike only where they are in full: shortened in
/// the middle, or where that is not enough, numbered.
#[must_use]
pub fn apart(names: &[&str], most: usize) -> Vec<String> {
    let short = |name: &str| {
        if width(name) <= most {
            return name.to_owned();
        }
        let letters: Vec<char> = name.chars().collect();
        let kept = most.saturating_sub(1);
        let (first, last) = (kept.div_ceil(2), kept / 2);
        let start: String = letters[..first].iter().collect();
        let end: String = letters[letters.len() - last..].iter().collect();
        format!("{start}…{end}")
    };
    let texts: Vec<String> = names.iter().map(|name| short(name)).collect();
    let alike = |n: usize| {
        let mut others = names.iter().zip(&texts);
        others.any(|(name, text)| *text == texts[n] && *name != names[n])
    };
    (0..names.len())
        .map(|n| {
            if alike(n) {
                let number = format!(" #{}", n + 1);
                shorten(&texts[n], most.saturating_sub(width(&number))) + &number
            } else {
                texts[n].clone()
            }
        })
        .collect()
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

    #[test]
    fn names_that_are_cut_short_are_told_apart() {
        let mut table = Table::new(&["Points", "held"]);
        let name = |work: &str| format!("do=[work(\"10ms\"), call(\"db/q\"), {}]", work.repeat(9));
        let ends = ["work(\"20ms\")", "work(\"30ms\")"];
        for end in ends {
            table.row(vec![name(end), "1/1".into()]);
        }
        let lines = table.lines();
        assert!(lines.iter().all(|line| width(line) <= WIDTH));
        assert_ne!(lines[1], lines[2]);
    }
}
