//! What a name that there is not was probably meant to be.

pub mod synonyms;
pub mod elsewhere;

use synonyms::ELSEWHERE;

/// The candidate that `name` is most likely a slip of, if one is near enough.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit || candidate.eq_ignore_ascii_case(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits (insert, remove, replace, swap neighbours) that turn one text into the other: the optimal
/// string alignment distance of Damerau and Levenshtein.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for i in 1..=from.len() {
        let mut row = vec![i];
        for j in 1..=to.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
            let mut best = replaced.min(row[j - 1] + 1).min(rows[i - 1][j] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// "did you mean" if something is near, and the list of all there is.
#[must_use]
pub fn suggest<'a>(
    name: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let mut help = Vec::new();
    let called = |candidate: &&str| ELSEWHERE.contains(&(name, *candidate));
    let near = candidates
        .iter()
        .copied()
        .find(|candidate| called(candidate));
    if let Some(near) = near.or_else(|| nearest(name, candidates.iter().copied())) {
        help.push(format!("did you mean `{near}`?"));
    }
    if !candidates.is_empty() {
        help.push(format!("{what}: {}", list(&candidates)));
    }
    help
}

/// `a`, `b` and `c`; long lists are cut.
#[must_use]
pub fn list(names: &[&str]) -> String {
    const MOST: usize = 24;
    let mut quoted: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{name}`"))
        .collect();
    if names.len() > MOST {
        return format!("{} and {} more", quoted.join(", "), names.len() - MOST);
    }
    match quoted.pop() {
        Some(last) if !quoted.is_empty() => format!("{} and {last}", quoted.join(", ")),
        Some(last) => last,
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips() {
        let fields = ["replicas", "threads", "endpoints", "queue"];
        assert_eq!(nearest("replica", fields), Some("replicas"));
        assert_eq!(nearest("theads", fields), Some("threads"));
        assert_eq!(nearest("Queue", fields), Some("queue"));
        assert_eq!(nearest("qeuue", fields), Some("queue"));
        assert_eq!(nearest("colour", fields), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("ab", "ba"), 1);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(list(&["a"]), "`a`");
    }
}
