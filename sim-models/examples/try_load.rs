//! Scratch.
use sim_models::scenario::*;
struct Disk;
impl Files for Disk {
    fn read(&self, p: &str) -> Result<String, String> {
        std::fs::read_to_string(p).map_err(|e| e.to_string())
    }
}
fn main() {
    let mut args = std::env::args().skip(1);
    let f = args.next().unwrap();
    let ov: Vec<Override> = args.map(|a| a.parse().unwrap()).collect();
    let t = std::time::Instant::now();
    let l = load(&f, &Disk, &ov);
    let e = t.elapsed();
    for d in l
        .scenario
        .as_ref()
        .err()
        .into_iter()
        .flatten()
        .chain(&l.warnings)
    {
        println!("{} {:?} {:?}", d.concise(&l.sources), d.label, d.help);
    }
    if let Ok(s) = l.scenario {
        let text = explain::to_ron(&s);
        if std::env::var("P").is_ok() {
            println!("{text}");
        }
        let again = load("x", &[("x", text.as_str())], &[]);
        println!(
            "{f} ok {:?} roundtrip {}",
            e,
            again.scenario.ok() == Some(s)
        );
    }
}
