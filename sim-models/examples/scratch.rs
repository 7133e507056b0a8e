use sim_models::scenario::load::{Files, load};
struct Disk;
impl Files for Disk {
    fn read(&self, p: &str) -> Result<String, String> {
        std::fs::read_to_string(p).map_err(|e| e.to_string())
    }
}
fn main() {
    let name = std::env::args().nth(1).unwrap();
    let sets: Vec<sim_models::scenario::Override> = std::env::args()
        .skip(2)
        .map(|s| s.parse().unwrap_or_else(|e| panic!("{e}")))
        .collect();
    let l = load(&name, &Disk, &sets);
    let sc = match l.scenario {
        Ok(s) => s,
        Err(d) => {
            for x in d {
                println!("{}", x.concise(&l.sources));
            }
            return;
        }
    };
    let t = std::time::Instant::now();
    let r = sim_models::experiment::run(&sc, sc.seed).unwrap();
    let e = t.elapsed().as_secs_f64();
    let ok: Vec<_> = r
        .series
        .workloads
        .iter()
        .map(|(n, w)| (n.to_string(), w.ok.clone()))
        .collect();
    println!("{}", serde_json::json!({ "summary": r.summary, "ok": ok }));
    eprintln!(
        "{} events {:.3}s {:.2} M/s digest {}",
        r.summary.events,
        e,
        r.summary.events as f64 / e / 1e6,
        r.summary.digest
    );
}
