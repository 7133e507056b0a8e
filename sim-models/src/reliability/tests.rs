use super::*;
use crate::input::load;
use crate::plan;

fn predict(text: &str) -> Vec<Option<f64>> {
    let loaded = load("a.ron", &[("a.ron", text)], &[]);
    let scenario = loaded.scenario.expect("it is right");
    let plan = plan::compile(&scenario).expect("it can be run");
    predicted(&scenario, &plan)
}

#[track_caller]
fn near(found: Option<f64>, expected: f64) {
    let found = found.expect("it can be predicted");
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn a_program_is_a_product_of_what_is_left_to_chance() {
    let found = predict(
        r#"(duration: "100s", services: {
            "web": (replicas: 2, endpoints: { "page": [
                parallel([call("left/get"), [call("right/get"), call(to: "extra/get", optional: true)]]),
                repeat(3, [call("db/get")])] }),
            "left": (replicas: 2, endpoints: { "get": [choice([(1, call("db/get")), (3, work("4ms"))])] }),
            "right": (replicas: 2, endpoints: { "get": [fail(0.1)] }),
            "extra": (endpoints: { "get": [fail(1.0)] }),
            "db": (endpoints: { "get": [work("1ms")] }),
        },
        workloads: { "users": open(rate: "100/s", to: "web/page") },
        faults: [(at: "10s", for: "10s", share: 0.5, inject: error(service: "db"))])"#,
    );
    // For a tenth of the time each call to the database fails by half.
    let while_on = |db: f64| (0.25 * db + 0.75) * 0.9 * db * db * db;
    near(found[0], 0.9 * while_on(1.0) + 0.1 * while_on(0.5));
}

#[test]
fn circles_are_unknown_and_others_are_not() {
    let found = predict(
        r#"(duration: "100s", services: {
            "a": (endpoints: { "x": [choice([(1, call("a/x")), (9, [])])], "y": [fail(0.5)] }) },
            workloads: { "round": open("1/s", "a/x"), "straight": open("1/s", "a/y") })"#,
    );
    assert_eq!(found[0], None);
    near(found[1], 0.5);
}

#[test]
fn faults_at_random_are_combined() {
    let found = predict(
        r#"(duration: "100s", services: {
            "a": (endpoints: { "x": [call("b/x"), call("c/x"), call("b/x")] }),
            "b": (endpoints: { "x": [] }), "c": (endpoints: { "x": [] }) },
            workloads: { "u": open("1/s", "a/x") },
            faults: [(random: (mtbf: "9s", mttr: "1s"), inject: crash(service: "b")),
                (random: (mtbf: "8s", mttr: "2s"), inject: crash(service: "c"))])"#,
    );
    near(found[0], 0.9 * 0.8);
}

#[test]
fn long_chains_and_many_paths_are_no_matter() {
    let mut services = String::new();
    for n in 0..2000 {
        let next = if n < 1999 {
            format!(r#"call("s{0}/x"), call("s{0}/x")"#, n + 1)
        } else {
            String::new()
        };
        services += &format!(r#""s{n}": (endpoints: {{ "x": [{next}] }}),"#);
    }
    let text = format!(
        r#"(duration: "100s", services: {{ {services} }}, workloads: {{ "u": open("1/s", "s0/x") }},
            faults: [(at: "0s", for: "50s", inject: crash(service: "s1999"))])"#
    );
    // The reading of flows goes down the chain call by call.
    let thread = std::thread::Builder::new().stack_size(256 << 20);
    let found = thread
        .spawn(move || predict(&text))
        .expect("a thread")
        .join();
    near(found.expect("it ends")[0], 0.5);
}

#[test]
fn what_would_take_long_is_unknown() {
    // Each of the workloads reaches all of the endpoints, in one state after the other.
    let of = |chains: usize, workloads: usize, faults: usize| {
        let mut services = String::new();
        for n in 0..30 * chains {
            let next = match n % 30 {
                29 => String::new(),
                _ => format!(r#"call("s{}/x")"#, n + 1),
            };
            services += &format!(r#""s{n}": (endpoints: {{ "x": [{next}] }}),"#);
        }
        let to: Vec<String> = (0..chains)
            .map(|chain| format!(r#""s{}/x": 1"#, 30 * chain))
            .collect();
        let to = to.join(", ");
        let loads =
            (0..workloads).map(|n| format!(r#""w{n}": open(rate: "1/s", to: {{ {to} }}),"#));
        let faults = (0..faults).map(|n| {
            format!(
                r#"(at: "{}s", for: "1s", inject: error(service: "s{n}")),"#,
                2 * n
            )
        });
        let (loads, faults): (String, String) = (loads.collect(), faults.collect());
        predict(&format!(
            r#"(duration: "100s", services: {{ {services} }}, workloads: {{ {loads} }}, faults: [{faults}])"#
        ))
    };
    let few = of(2, 3, 4);
    assert!(few.iter().all(Option::is_some), "{few:?}");
    let many = of(20, 300, 40);
    assert!(many.iter().all(Option::is_none), "nothing of it is known");
}
