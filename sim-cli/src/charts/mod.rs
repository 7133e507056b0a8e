//! Charts of a run as SVG, drawn with plotters, and as PNG. Pure functions of a result: the same
//! result gives the same bytes.

pub mod ruler;
pub mod canvas;
pub mod palette;
pub mod marks;
pub mod beside;
pub mod scale;
pub mod bins;
pub mod panel;
pub mod figure;
pub mod bands;
pub mod traffic;
pub mod signals;
pub mod policies;
pub mod timeline;
pub mod workload;
pub mod rows;
pub mod multiples;
pub mod layers;
pub mod graph_drawing;
pub mod raster;
pub mod plot;
pub mod sweep;
pub mod compare;
pub mod tune;
pub mod sensitivity;
#[cfg(test)]
pub mod sight;
#[cfg(test)]
mod timeline_tests;

pub use raster::{RasterError, png};

use sim_models::observe::summary::RunResult;
use std::collections::BTreeSet;

/// A chart and its name, without an ending.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// `"timeline"`, `"workload-shoppers"`, `"services"`, `"edges"`, `"pools"`.
    pub name: String,
    /// The chart.
    pub svg: String,
}

/// Workloads that have a chart of their own: there may be thousands, and a picture takes its time.
pub const MOST_WORKLOADS: usize = 40;

/// All charts of a run, the main one first. Of very many workloads those that were hurt most have a chart of
/// their own.
#[must_use]
pub fn charts(result: &RunResult) -> Vec<Chart> {
    let chart = |name: &str, svg| Chart {
        name: name.to_owned(),
        svg,
    };
    let mut charts = vec![chart("timeline", timeline::timeline(result))];
    let ranked = traffic::ranked(result).into_iter().take(MOST_WORKLOADS);
    let shown: BTreeSet<&String> = ranked.map(|(name, _)| name).collect();
    for name in shown {
        if let Some(svg) = workload::workload(result, name) {
            let name = format!("workload-{}", file_name(name));
            // Names that differ may look alike to a file system.
            let alike = |numbered: &String| {
                let mut charts = charts.iter();
                charts.any(|chart: &Chart| chart.name.to_lowercase() == numbered.to_lowercase())
            };
            let mut names = (1..).map(|number| match number {
                1 => name.clone(),
                number => format!("{name}_{number}"),
            });
            let name = names.find(|name| !alike(name)).unwrap_or_default();
            charts.push(chart(&name, svg));
        }
    }
    charts.push(chart("services", multiples::services(result)));
    if !result.series.edges.is_empty() {
        charts.push(chart("edges", multiples::edges(result)));
    }
    if !result.series.pools.is_empty() {
        charts.push(chart("pools", multiples::pools(result)));
    }
    charts
}

/// Most letters of a name in the name of a file: file systems take 255 bytes.
const MOST_LETTERS: usize = 50;

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    name.chars()
        .take(MOST_LETTERS)
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{crowd, retry_storm};

    #[test]
    fn the_same_result_gives_the_same_bytes() {
        let result = retry_storm();
        let (first, second) = (charts(&result), charts(&result));
        assert_eq!(first, second);
        assert!(first.len() == 4 && first[0].name == "timeline");
        let crowded = charts(&crowd());
        for chart in first.iter().chain(&crowded) {
            assert!(chart.svg.contains("DejaVu Sans"), "{}", chart.name);
            assert!(!chart.svg.contains("NaN"), "{}", chart.name);
        }
    }

    #[test]
    fn each_workload_has_a_file_of_its_own() {
        let mut result = retry_storm();
        let (_, shoppers) = result.series.workloads.pop_first().unwrap();
        let told = result.summary.workloads["shoppers"].clone();
        let long = "l".repeat(1000);
        let names = [
            "../../etc/x",
            "..-..-etc_x",
            ".._.._ETC_x",
            "<b>",
            "_b_",
            &long,
        ];
        for name in names {
            result
                .series
                .workloads
                .insert(name.into(), shoppers.clone());
            result.summary.workloads.insert(name.into(), told.clone());
        }
        let drawn = charts(&result);
        let mut files: Vec<String> = drawn
            .iter()
            .map(|chart| chart.name.to_lowercase())
            .collect();
        assert_eq!(
            files[1..4],
            [
                "workload-..-..-etc_x",
                "workload-.._.._etc_x",
                "workload-.._.._etc_x_2"
            ]
        );
        assert!(
            files
                .iter()
                .all(|name| name.len() < 200 && !name.contains('/'))
        );
        files.sort();
        files.dedup();
        assert_eq!(files.len(), drawn.len());
    }

    #[test]
    fn bitmaps_are_the_same_each_time() {
        let svg = timeline::timeline(&retry_storm());
        let first = png(&svg).unwrap();
        assert!(first.starts_with(b"\x89PNG"));
        assert_eq!(first, png(&svg).unwrap());
    }

    #[test]
    fn an_empty_result_can_be_drawn() {
        let mut result = retry_storm();
        result.series = sim_models::observe::summary::Series::default();
        result.summary.simulated_seconds = 0.0;
        for chart in charts(&result) {
            assert!(chart.svg.ends_with("</svg>\n") && !chart.svg.contains("NaN"));
        }
    }

    struct Library;
    impl sim_models::input::Files for Library {
        fn read(&self, path: &str) -> Result<String, String> {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
            std::fs::read_to_string(format!("{folder}/{path}")).map_err(|e| e.to_string())
        }
    }

    /// For people: the charts, graphs and texts of the library of scenarios, in `out/library`.
    #[test]
    #[ignore = "writes files for people to look at"]
    fn library() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../out/library");
        std::fs::create_dir_all(folder).unwrap();
        for entry in std::fs::read_dir(format!("{folder}/../../scenarios")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            println!("{name}");
            let loaded = sim_models::input::load(&name, &Library, &[]);
            let scenario = loaded.scenario.unwrap();
            let result = sim_models::experiment::run(&scenario, scenario.seed).unwrap();
            println!("  {} events", result.summary.events);
            let name = name.trim_end_matches(".ron");
            let write = |kind: &str, bytes: &[u8]| {
                std::fs::write(format!("{folder}/{name}-{kind}"), bytes).unwrap();
            };
            for chart in charts(&result) {
                write(&format!("{}.png", chart.name), &png(&chart.svg).unwrap());
            }
            let svg = crate::commands::graph::graph(&scenario, Default::default());
            write("graph.png", &png(&svg).unwrap());
            let style = crate::output::Style::PLAIN;
            let text = crate::output::human::render(&result, "sim run", style);
            write("text.txt", text.as_bytes());
        }
    }

    /// As a grey printer would print it.
    fn grey(png: &[u8]) -> Vec<u8> {
        let mut bitmap = resvg::tiny_skia::Pixmap::decode_png(png).unwrap();
        for pixel in bitmap.data_mut().chunks_mut(4) {
            let light = [299, 587, 114]
                .iter()
                .zip(pixel.iter())
                .map(|(w, p)| w * u32::from(*p));
            let light = (light.sum::<u32>() / 1000) as u8;
            pixel[..3].fill(light);
        }
        bitmap.encode_png().unwrap()
    }

    /// For people: `cargo test -p sim-cli show -- --ignored` leaves the charts in `out/charts`.
    #[test]
    #[ignore = "writes files for people to look at"]
    fn show() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../out/charts");
        std::fs::create_dir_all(folder).unwrap();
        for (kind, result) in [("", retry_storm()), ("crowd-", crowd())] {
            for chart in charts(&result) {
                write(&format!("{folder}/{kind}{}", chart.name), &chart.svg);
            }
        }
    }

    fn write(file: &str, svg: &str) {
        std::fs::write(format!("{file}.svg"), svg).unwrap();
        let bitmap = png(svg).unwrap();
        std::fs::write(format!("{file}.png"), &bitmap).unwrap();
        std::fs::write(format!("{file}-grey.png"), grey(&bitmap)).unwrap();
    }

    /// For people: the charts of many runs, in `out/charts/plots`.
    #[test]
    #[ignore = "writes files for people to look at"]
    fn show_plots() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../out/charts/plots");
        std::fs::create_dir_all(folder).unwrap();
        for chart in plot::examples::all() {
            write(&format!("{folder}/{}", chart.name), &chart.svg);
        }
        for (kind, examples) in [
            ("sweep", sweep::tests::examples()),
            ("compare", compare::tests::examples()),
            ("tune", tune::tests::examples()),
            ("sensitivity", sensitivity::tests::examples()),
        ] {
            for (name, charts) in examples {
                for chart in charts {
                    write(
                        &format!("{folder}/{kind}-{name}-{}", chart.name),
                        &chart.svg,
                    );
                }
            }
        }
    }
}
