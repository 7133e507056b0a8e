//! The committed corpus of commands, sweep files and journals: each file in `data/hostile/commands` and
//! `data/hostile/journals` is one input, and its last line says what is right for it.
//!
//! ```text
//! // Why it is here.
//! sweep                            a word of the command in each line; {small} is data/small.ron,
//! {small}                          {sweeps} is data/hostile/sweeps
//! --vary
//! services.db.threads=4,8,4
//! => 2 `4` is listed twice         its exit code, and what it must say
//! ```
//!
//! A journal is made of the lines of a sound one, because what keys them differs from build to build: `sound 0`,
//! `torn 2 40` (so many bytes of it), `broken 1 OLD => NEW`, `sealed 1 OLD => NEW` (with the right checksum for
//! what it has become), and `raw TEXT`. Its last line says how many runs are known from it, and what must be told.

use super::inputs::CORPUS;
use super::through::{Met, journal};
use sim_tests::command::{Folder, sim};
use std::fs;

/// An input, and what is right for it.
struct Case {
    name: String,
    lines: Vec<String>,
    /// Exit code, or number of known runs.
    number: usize,
    told: String,
}

/// All inputs of a folder, in the order of their names.
fn cases(folder: &str) -> Vec<Case> {
    let folder = format!("{CORPUS}/{folder}");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let read = |path: std::path::PathBuf| {
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let right = lines.pop().unwrap_or_default();
        let right = right.strip_prefix("=> ");
        let right = right.unwrap_or_else(|| panic!("{name} does not say what is right"));
        let (number, told) = right.split_once(' ').unwrap_or((right, ""));
        assert!(lines[0].starts_with("// "), "{name} does not say why");
        Case {
            number: number
                .parse()
                .unwrap_or_else(|_| panic!("{name}: {number}")),
            told: told.to_owned(),
            lines: lines.split_off(1),
            name,
        }
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn the_commands_of_the_corpus_meet_what_is_right() {
    let all = cases("commands");
    let sweeps = fs::read_dir(format!("{CORPUS}/sweeps")).expect("there are sweep files");
    for file in sweeps.map(|entry| entry.expect("a file").file_name()) {
        let file = file.to_string_lossy().into_owned();
        let mut words = all.iter().flat_map(|case| &case.lines);
        assert!(
            words.any(|word| word.ends_with(&file)),
            "{file} is run by no command"
        );
    }
    let mut wrong = Vec::new();
    for case in &all {
        let fill = |word: &String| {
            word.replace("{small}", "data/small.ron")
                .replace("{sweeps}", &format!("{CORPUS}/sweeps"))
        };
        let words: Vec<String> = case.lines.iter().map(fill).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut said = None;
        let met = super::met(|| {
            said = Some(sim(&words));
            Met::Read
        });
        let held = met.map(|(_, held)| held);
        let (code, out, err) = said.unwrap_or_default();
        let told = format!("{out}{err}");
        let right = usize::from(code) == case.number
            && told.contains(&case.told)
            && !told.contains("panicked")
            && held.as_ref().is_ok_and(|held| *held <= super::MOST_HELD);
        if !right {
            let told: String = told.chars().take(600).collect();
            wrong.push(format!(
                "{}: {code}, {held:?} bytes held: {told}",
                case.name
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bytes of a journal that is written line by line.
fn written(case: &Case) -> Vec<u8> {
    let sound = super::hostile::journal();
    let sound: Vec<&str> = std::str::from_utf8(&sound)
        .expect("a sound journal is text")
        .lines()
        .collect();
    let mut bytes = Vec::new();
    for line in &case.lines {
        let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
        if kind == "raw" {
            bytes.extend_from_slice(rest.as_bytes());
            bytes.push(b'\n');
            continue;
        }
        let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let sound = sound[number.parse::<usize>().expect("the number of a line")];
        match kind {
            "sound" => bytes.extend_from_slice(sound.as_bytes()),
            "torn" => {
                bytes.extend_from_slice(&sound.as_bytes()[..rest.parse().expect("a length")]);
                continue;
            }
            "broken" => bytes.extend_from_slice(replaced(sound, rest).as_bytes()),
            "sealed" => {
                // {"check":"01234567","key":..
                let body = replaced(&sound[20..], rest);
                let check = crc32fast::hash(body.as_bytes());
                let line = format!("{}{check:08x}\",{body}", &sound[..10]);
                bytes.extend_from_slice(line.as_bytes());
            }
            other => panic!("{}: what is `{other}`?", case.name),
        }
        bytes.push(b'\n');
    }
    bytes
}

/// `OLD => NEW`; an old `*` is the whole, and a new `[*N]` so many brackets inside each other.
fn replaced(text: &str, rule: &str) -> String {
    let (old, new) = rule.split_once(" =>").expect("OLD => NEW");
    let new = new.trim_start();
    let deep = new
        .strip_prefix("[*")
        .and_then(|rest| rest.strip_suffix(']')?.parse().ok())
        .map(|times| "[".repeat(times) + &"]".repeat(times));
    let new = deep.as_deref().unwrap_or(new);
    if old == "*" {
        return new.to_owned();
    }
    assert!(text.contains(old), "there is no {old} in {text}");
    text.replacen(old, new, 1)
}

#[test]
fn the_journals_of_the_corpus_meet_what_is_right() {
    let folder = Folder::new("journals");
    let mut wrong = Vec::new();
    for case in cases("journals") {
        let read = journal(&written(&case), &folder.0);
        let right = matches!(&read, Ok((known, told))
            if *known == case.number && told.join("\n").contains(&case.told));
        if !right {
            wrong.push(format!("{}: {read:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
