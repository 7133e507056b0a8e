use super::*;
use crate::fixture::boutique;

#[test]
fn the_boutique_is_drawn_whole() {
    let scenario = boutique();
    let system = System::of(&scenario);
    assert_eq!((system.nodes.len(), system.edges.len()), (12, 16));
    let svg = graph(&scenario, Format::Svg);
    assert_eq!(svg, graph(&scenario, Format::Svg));
    for node in &system.nodes {
        assert!(svg.contains(&node.name), "{}", node.name);
    }
    assert!(svg.contains("retry\u{a0}3\u{a0}attempts"));
}

#[test]
fn text_formats_name_policies_and_optional_calls() {
    let scenario = boutique();
    let text = graph(&scenario, Format::Dot);
    assert!(text.starts_with("digraph system {\n") && text.ends_with("}\n"));
    assert!(
        text.contains("deadline 2s\\nretry 3 attempts\\ntimeout 250ms"),
        "{text}"
    );
    assert!(text.contains("style=dashed"), "{text}");
    let text = graph(&scenario, Format::Mermaid);
    assert!(text.starts_with("flowchart LR\n"));
    assert!(text.contains("-.->"), "{text}");
    assert!(
        text.contains("|\"deadline 2s<br/>retry 3 attempts<br/>timeout 250ms\"|"),
        "{text}"
    );
}

#[test]
fn the_most_specific_pattern_wins() {
    let labels = |calls: &str| {
        let text = format!(
            r#"(duration: "1s", services: {{ "web": (endpoints: {{ "a": [call("db/get")] }}), "app": (endpoints: {{ "a": [call("db/put")] }}),
                "db": (endpoints: {{ "get": [], "put": [] }}) }},
                workloads: {{ "u": open("1/s", {{ "web/a": 1, "app/a": 1 }}) }}, calls: {{ {calls} }})"#
        );
        let loaded = sim_models::input::load("a.ron", &[("a.ron", text.as_str())], &[]);
        let system = System::of(&loaded.scenario.expect("it is right"));
        let place = |name: &str| system.nodes.iter().position(|node| node.name == name);
        let ends = (place("web").unwrap(), place("db").unwrap());
        let mut edges = system.edges.iter();
        let edge = edges.find(|edge| (edge.from, edge.to) == ends);
        edge.unwrap().labels.clone()
    };
    let any = r#""* -> *": [timeout("1s")]"#;
    let service = r#""web -> db": [timeout("2s")]"#;
    let endpoint = r#""web -> db/get": [timeout("3s")]"#;
    let other = r#""web -> db/put": [timeout("4s")], "app -> db": [timeout("5s")]"#;
    assert_eq!(labels(any), ["timeout 1s"]);
    assert_eq!(labels(&format!("{service}, {any}")), ["timeout 2s"]);
    assert_eq!(
        labels(&format!("{endpoint}, {service}, {any}")),
        ["timeout 3s"]
    );
    assert_eq!(labels(&format!("{any}, {other}")), ["timeout 1s"]);
    assert_eq!(labels(other), [""; 0]);
}

/// Twenty-five services that call each other back and forth.
fn tangle() -> System {
    let node = |n: usize| Node {
        name: format!("service-{n}"),
        about: vec!["3 replicas × 64 threads".into(), "async, queue 128".into()],
        workload: n == 0,
    };
    let edge = |from: usize, to: usize| Edge {
        from,
        to,
        labels: vec!["retry 3 attempts".into(), "timeout 250ms".into()],
        optional: (from + to).is_multiple_of(5),
    };
    System {
        title: String::new(),
        nodes: (0..25).map(node).collect(),
        edges: (1..25)
            .map(|n| edge(n / 3, n))
            .chain([(24, 3), (9, 1), (5, 20), (2, 24), (4, 18), (13, 22)].map(|(a, b)| edge(a, b)))
            .collect(),
    }
}

#[test]
fn cycles_are_drawn_and_explained() {
    let svg = graph_drawing::draw(&tangle());
    assert!(svg.contains("closes a cycle"));
}

#[test]
fn the_ending_of_a_name_says_how_to_draw() {
    let drawn = |name: &str, format| picture(Path::new(name), format);
    for (name, expected) in [
        ("x.svg", Picture::Text(Format::Svg)),
        ("x.PNG", Picture::Bitmap),
        ("a.b/x.dot", Picture::Text(Format::Dot)),
        ("x.gv", Picture::Text(Format::Dot)),
        ("x.mmd", Picture::Text(Format::Mermaid)),
    ] {
        assert_eq!(drawn(name, None).unwrap(), expected, "{name}");
    }
    let told = drawn("x", Some(Format::Dot)).unwrap();
    assert_eq!(told, Picture::Text(Format::Dot));
    for (name, format, said) in [
        ("x.jpg", None, "cannot be drawn as .jpg"),
        ("x.ron", Some(Format::Svg), "cannot be drawn as .ron"),
        ("x", None, "no ending"),
        (".", None, "is a folder"),
        ("x.svg", Some(Format::Dot), "another format"),
        ("x.png", Some(Format::Mermaid), "a bitmap"),
    ] {
        let refused = drawn(name, format).unwrap_err().to_string();
        let (what, help) = refused.split_once('\n').unwrap();
        assert!(what.contains(said) && !help.is_empty(), "{name}: {refused}");
    }
}

/// For people: `cargo test -p sim-cli show -- --ignored` leaves the picture in `out/charts`.
#[test]
#[ignore = "writes files for people to look at"]
fn show() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../out/charts");
    std::fs::create_dir_all(folder).unwrap();
    let args = Args {
        set: Vec::new(),
        reading: crate::files::Reading::default(),
        scenario: "boutique.ron".into(),
        format: None,
        out: Some(format!("{folder}/graph.png").into()),
    };
    assert_eq!(run(&args, &boutique(), &[]).unwrap(), None);
    let tangle = graph_drawing::draw(&tangle());
    let bitmap = crate::charts::png(&tangle).unwrap();
    std::fs::write(format!("{folder}/tangle.png"), bitmap).unwrap();
}
