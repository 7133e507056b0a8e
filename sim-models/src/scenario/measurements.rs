//! Files of measurements: one number a line, or a column of a table, as spreadsheets, pandas and load
//! generators write them.

use super::diagnostics::nearest;
use super::plain::plain;
use crate::limits::MOST_NUMBERS;
use csv::{ReaderBuilder, StringRecord, Trim};

/// The numbers of a file with their unit: those of the column of this name, or of the only column of numbers.
///
/// # Errors
/// What is wrong with the file; further lines say what to do about it.
pub(crate) fn values(text: &str, unit: &str, column: Option<&str>) -> Result<Vec<String>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim);
    let mut first = first.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = first.next().unwrap_or_default();
    // As whatever wrote it separates: a comma may also stand in a number, then.
    let separator = ['\t', ';', ','];
    let separator = separator.into_iter().find(|one| first.contains(*one));
    let mut rows = ReaderBuilder::new()
        .delimiter(separator.map_or(b',', |one| one as u8))
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let (mut heading, mut wanted) = (None, None);
    let mut values = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|_| "it is no table".to_owned())?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        if let Some(why) = shifted(heading.as_ref(), &row) {
            return Err(format!("line {} {why}", line(text, &row)));
        }
        if wanted.is_none() && heading.is_none() && is_heading(&row) {
            heading = Some(row);
            continue;
        }
        let at = match wanted {
            Some(at) => at,
            None => choose(heading.as_ref(), &row, column, line(text, &row))?,
        };
        wanted = Some(at);
        let Some(value) = row.get(at).and_then(number) else {
            return Err(format!(
                "there is no number of zero or more in line {}{}\nleave such lines out",
                line(text, &row),
                named(heading.as_ref(), at)
            ));
        };
        if values.len() == MOST_NUMBERS {
            return Err(format!(
                "it has more than {MOST_NUMBERS} numbers, which is the most that is read\na sample of them says as much"
            ));
        }
        values.push(value + unit);
    }
    if values.is_empty() {
        return Err("there is no number in it".into());
    }
    Ok(values)
}

/// A number of zero or more, without an exponent.
fn number(cell: &str) -> Option<String> {
    let number = cell.parse::<f64>().ok();
    let number = number.filter(|number| number.is_finite() && *number >= 0.0)?;
    if cell
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return Some(cell.to_owned());
    }
    // As pandas writes small ones: 9.8e-05.
    Some(number.abs().to_string())
}

/// Whether a row names columns. pandas leaves the name of its index empty.
fn is_heading(row: &StringRecord) -> bool {
    let is_number = |cell: &str| cell.parse::<f64>().is_ok();
    !row.iter().any(is_number) || (row.len() > 1 && row.get(0) == Some(""))
}

/// What makes the cells of a row stand under other names than their own, or a number be read as another one.
fn shifted(heading: Option<&StringRecord>, row: &StringRecord) -> Option<String> {
    if row.iter().any(is_decimal) {
        return Some("has a number with a decimal comma\nwrite numbers with a point: 0.5".into());
    }
    if row.iter().any(is_grouped) {
        return Some(
            "has a number with commas between its digits\nwrite numbers without them: 1234.5"
                .into(),
        );
    }
    let names = heading?.len();
    (row.len() > names).then(|| {
        format!(
            "has {} columns, and {names} of them have a name\nwrite numbers with a point, and leave out the names of rows (in R: row.names = FALSE)",
            row.len()
        )
    })
}

/// Whether a cell is a number with a decimal comma: `9,8e-05` as pandas has it with `decimal=","`, `1.234,5` as Excel
/// has it in much of Europe. Of a cell that holds a comma the comma does not part the columns.
fn is_decimal(cell: &str) -> bool {
    let Some((whole, rest)) = cell.split_once(',') else {
        return false;
    };
    let is_number = || format!("{}.{rest}", whole.replace('.', "")).parse::<f64>();
    !rest.contains(['.', ',']) && is_number().is_ok()
}

/// Whether a cell is a number with commas between its digits: `1,234.5`, as Excel has it elsewhere.
fn is_grouped(cell: &str) -> bool {
    let digits = |byte: u8| byte.is_ascii_digit() || b",.+-".contains(&byte);
    cell.contains(',') && cell.bytes().all(digits) && cell.replace(',', "").parse::<f64>().is_ok()
}

/// Which column is meant.
fn choose(
    heading: Option<&StringRecord>,
    row: &StringRecord,
    column: Option<&str>,
    line: usize,
) -> Result<usize, String> {
    let names = || heading.into_iter().flatten();
    if let Some(column) = column {
        return names().position(|name| name == column).ok_or_else(|| {
            let what = format!("it has no column `{}`", plain(column));
            let help = match (heading, nearest(column, names())) {
                (None, _) => "its first line names no columns".into(),
                (_, Some(near)) => format!("did you mean `{}`?", plain(near)),
                (_, None) => format!("its columns are {}", listed(names())),
            };
            format!("{what}\n{help}")
        });
    }
    // An index has no name, and is no measurement.
    let is_index = |at: usize| heading.is_some_and(|names| names.get(at) == Some(""));
    let is_number =
        |(at, cell): (usize, &str)| (number(cell).is_some() && !is_index(at)).then_some(at);
    let numbers: Vec<usize> = row.iter().enumerate().filter_map(is_number).collect();
    match (&numbers[..], heading) {
        ([], _) => Err(format!(
            "there is no number of zero or more in line {line}\ncolumns are told apart by commas, semicolons or tabs"
        )),
        ([one], _) => Ok(*one),
        (several, Some(heading)) => {
            let mut names = several.iter().filter_map(|at| heading.get(*at));
            Err(format!(
                "it has several columns of numbers: {}\nsay which: column: \"{}\"",
                listed(several.iter().filter_map(|at| heading.get(*at))),
                plain(names.next().unwrap_or_default())
            ))
        }
        (several, None) => Err(format!(
            "it has {} columns of numbers and no line that names them\nadd one, and say which is meant: column: \"NAME\"",
            several.len()
        )),
    }
}

/// The line of a row, from 1.
fn line(text: &str, row: &StringRecord) -> usize {
    let start = row.position().map_or(0, |at| at.byte() as usize);
    let (before, rest) = text.split_at_checked(start).unwrap_or((text, ""));
    // A row begins, for the reader, with the empty lines and comments in front of it.
    let skipped = |line: &&str| line.trim().is_empty() || line.starts_with('#');
    before.matches('\n').count() + rest.lines().take_while(skipped).count() + 1
}

/// The name of a column, as it goes on after a place.
fn named(heading: Option<&StringRecord>, at: usize) -> String {
    let name = heading.and_then(|names| names.get(at));
    name.map(|name| format!(" of column `{}`", plain(name)))
        .unwrap_or_default()
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{}`", plain(name))).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        values(text, "s", None).map(|values| values.join(" "))
    }

    fn column(text: &str, column: &str) -> Result<String, String> {
        values(text, "s", Some(column)).map(|values| values.join(" "))
    }

    #[test]
    fn numbers_as_programs_write_them() {
        assert_eq!(read("0.1\n2\n").unwrap(), "0.1s 2s");
        assert_eq!(
            read("latency\r\n9.8e-05\r\n1E-3\r\n").unwrap(),
            "0.000098s 0.001s"
        );
        // pandas: Series.to_csv() with a name, and without.
        assert_eq!(
            read(",latency\n0,9.8e-05\n1,0.5\n").unwrap(),
            "0.000098s 0.5s"
        );
        assert_eq!(read(",0\n0,1.5\n1,2.5\n").unwrap(), "1.5s 2.5s");
        assert_eq!(
            read("# a comment\n\nname;took\n\"a;b\";\"3.5\"\n").unwrap(),
            "3.5s"
        );
        assert_eq!(read("GET /x\t1.5\nGET /y\t2\n").unwrap(), "1.5s 2s");
    }

    #[test]
    fn no_number_is_taken_for_another_one() {
        // Excel where the comma is decimal: neither `n` nor a part of the number is meant.
        for (text, name) in [
            ("latency;n\r\n0,001;1\r\n", None),
            ("latency;n\n0,001;1\n", Some("n")),
        ] {
            let why = values(text, "s", name).unwrap_err();
            assert!(
                why.starts_with("line 2 has a number with a decimal comma\n"),
                "{why}"
            );
        }
        // pandas with `decimal=","`, Excel with thousands, a negative number; without a heading; in quotes.
        for text in [
            "latency;n\n9,8e-05;1\n9,1e-05;3\n",
            "latency\tn\n1.234,5\t1\n",
            "latency;n\n-0,5;1\n",
            "n;latency\n1;+1.234.567,5E-3\n",
            "latency,n\n\"9,8e-05\",1\n",
        ] {
            for name in [None, Some("n"), Some("latency")] {
                let why = values(text, "s", name).unwrap_err();
                assert!(
                    why.starts_with("line 2 has a number with a decimal comma\n"),
                    "{text}: {why}"
                );
            }
        }
        let first = read("9,8e-05;a\n5;b\n").unwrap_err();
        assert!(
            first.starts_with("line 1 has a number with a decimal comma\n"),
            "{first}"
        );
        for text in ["latency\tn\n1,234.5\t1\n", "latency;n\n1,234,567;1\n"] {
            let why = read(text).unwrap_err();
            assert!(
                why.starts_with("line 2 has a number with commas between its digits\n"),
                "{text}: {why}"
            );
        }
        // What is no number may hold commas.
        assert_eq!(
            read("what;took\na,b;1\n,;2\n1,x;3\ni,nf;4\n").unwrap(),
            "1s 2s 3s 4s"
        );
        // The same without a separator, and R with the names of its rows.
        for text in ["latency\n0,001\n", "\"x\"\n\"1\",0.001\n"] {
            for name in [None, text.starts_with('l').then_some("latency")] {
                let why = values(text, "s", name).unwrap_err();
                assert!(
                    why.starts_with("line 2 has 2 columns, and 1 of them have a name\n"),
                    "{why}"
                );
                assert!(why.contains("row.names = FALSE"), "{why}");
            }
        }
        let later = read("latency\n0.5\n0,001\n").unwrap_err();
        assert!(later.starts_with("line 3 has 2 columns"), "{later}");
        // A mark of the order of bytes, and line ends as Excel writes them; R, numpy and polars.
        assert_eq!(
            read("\u{feff}\"latency\"\r\n\"0.5\"\r\n2\r\n\r\n").unwrap(),
            "0.5s 2s"
        );
        assert_eq!(
            read("\"\",\"x\"\n\"1\",0.5\n\"2\",1e-04\n").unwrap(),
            "0.5s 0.0001s"
        );
        assert_eq!(
            read("9.800000000000000000e-05\n1E+05\n").unwrap(),
            "0.000098s 100000s"
        );
        let spaces = read("0.5 0.25\n").unwrap_err();
        assert!(spaces.contains("no number"), "{spaces}");
    }

    #[test]
    fn one_of_several_columns_is_named() {
        let text = "latency,code\n3.5,200\n4,500\n";
        assert_eq!(column(text, "latency").unwrap(), "3.5s 4s");
        assert_eq!(column(text, "code").unwrap(), "200s 500s");
        let why = read(text).unwrap_err();
        assert_eq!(
            why,
            "it has several columns of numbers: `latency`, `code`\nsay which: column: \"latency\""
        );
        assert!(
            column(text, "latncy")
                .unwrap_err()
                .ends_with("did you mean `latency`?")
        );
        assert!(
            column(text, "took")
                .unwrap_err()
                .ends_with("`latency`, `code`")
        );
        assert!(
            column("1,2\n", "took")
                .unwrap_err()
                .contains("names no columns")
        );
        assert!(read("1,2\n").unwrap_err().contains("2 columns of numbers"));
    }

    #[test]
    fn what_is_no_number_is_told_of_by_its_line_and_not_shown() {
        for secret in ["hunter2", "-1", "nan", "inf", "1e999"] {
            let why = read(&format!("took\n1.5\n\n{secret}\n")).unwrap_err();
            assert!(
                why.starts_with("there is no number of zero or more in line 4"),
                "{why}"
            );
            assert!(!why.contains(secret), "{why}");
        }
        assert!(read("root:x:0:0:root\n").unwrap_err().contains("no number"));
        assert!(read("").unwrap_err().contains("no number"));
        let many = "1\n".repeat(MOST_NUMBERS + 1);
        assert!(read(&many).unwrap_err().contains("more than 1000000"));
        assert!(read(&many[..2 * MOST_NUMBERS]).is_ok());
    }
}
