//! Pools, timeouts and bounds that follow from the load: what a careful engineer computes before a system
//! goes to production.
//!
//! All of it errs on the side of safety: rates are those at the peak, with every retry that the policies
//! allow; tails are sums of tails.

use super::system::{Caller, Delay, Endpoint, Policies, Step, System};

/// Share of its threads that the load keeps busy if every call is tried as often as its policies allow.
const MOST_BUSY_AT_WORST: f64 = 0.85;
/// An exponential tail is exceeded once in 100,000 times at so many means.
const RARE_MEANS: f64 = 11.5;
/// `(1 + cv^2) / 2` is below it for the service times of the generator (Kingman).
const VARIABILITY: f64 = 1.5;
/// Sojourn in a processor shared up to one half, over the work itself: mean, and far out in the tail.
const SHARED: (f64, f64) = (2.0, 3.0);

/// What is known of each endpoint, by service and endpoint.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// Requests per second at the peak.
    pub rates: Vec<Vec<f64>>,
    /// The same with all retries that policies allow.
    pub worst: Vec<Vec<f64>>,
    /// Mean time from arrival to answer.
    sojourn: Vec<Vec<f64>>,
    /// What an answer takes longer than once in 100,000 times.
    pub tail: Vec<Vec<f64>>,
    /// The longest that an answer takes by the timeouts in it.
    longest: Vec<Vec<f64>>,
}

impl System {
    /// Calls of a caller: whom, how often for each request in the mean, and at most.
    fn calls_of(&self, (service, endpoint): Endpoint) -> Vec<(Endpoint, f64, f64)> {
        let steps = self.services[service].endpoints[endpoint].1.iter();
        steps.flat_map(Step::calls).collect()
    }

    fn amplification(&self, from: Caller, to: usize) -> f64 {
        self.calls
            .get(&(from, to))
            .map_or(1.0, Policies::amplification)
    }

    /// Rates at the peak: callers come before callees, so one pass does.
    fn rates(&self) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let none = || -> Vec<Vec<f64>> {
            let services = self.services.iter();
            services.map(|s| vec![0.0; s.endpoints.len()]).collect()
        };
        let (mut rates, mut worst) = (none(), none());
        for (at, workload) in self.workloads.iter().enumerate() {
            for (to, share) in workload.shares() {
                let rate = workload.peak() * share;
                rates[to.0][to.1] += rate;
                worst[to.0][to.1] += rate * self.amplification(Caller::Workload(at), to.0);
            }
        }
        for service in 0..self.services.len() {
            for endpoint in 0..self.services[service].endpoints.len() {
                for (to, count, _) in self.calls_of((service, endpoint)) {
                    let more = self.amplification(Caller::Service(service), to.0);
                    rates[to.0][to.1] += rates[service][endpoint] * count;
                    worst[to.0][to.1] += worst[service][endpoint] * count * more;
                }
            }
        }
        (rates, worst)
    }

    /// Expected visits of all services for one request of a workload.
    pub fn visits(&self, workload: usize) -> f64 {
        let mut alone = self.clone();
        for (at, other) in alone.workloads.iter_mut().enumerate() {
            if at != workload {
                other.to = Vec::new();
            }
        }
        let total: f64 = alone.rates().0.iter().flatten().sum();
        total / self.workloads[workload].peak()
    }

    /// Sizes all pools and timeouts, callees first.
    pub fn size(&mut self) -> Sizes {
        let (rates, worst) = self.rates();
        let empty = vec![Vec::new(); self.services.len()];
        let mut sizes = Sizes {
            rates,
            worst,
            sojourn: empty.clone(),
            tail: empty.clone(),
            longest: empty,
        };
        for service in (0..self.services.len()).rev() {
            self.size_service(service, &mut sizes);
            let callers: Vec<_> = self
                .calls
                .keys()
                .filter(|(_, to)| *to == service)
                .copied()
                .collect();
            for key in callers {
                let policies = self.calls.get_mut(&key).expect("it is one of the keys");
                if policies.timed && policies.timeout.is_none() {
                    let most = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
                    let tail = most(&sizes.tail[service]) + 2.0 * self.link.tail();
                    policies.timeout = Some(round_up(
                        (2.0 * tail).max(1.1 * most(&sizes.longest[service])),
                    ));
                }
            }
        }
        sizes
    }

    fn size_service(&mut self, at: usize, sizes: &mut Sizes) {
        let service = &self.services[at];
        let shared = if service.cores.is_some() {
            SHARED
        } else {
            (1.0, 1.0)
        };
        let (mut held, mut tails, mut longest) = (Vec::new(), Vec::new(), Vec::new());
        let (mut work, mut busy, mut busy_at_worst) = (0.0, 0.0, 0.0);
        let mut longest_hold: f64 = 0.0;
        for endpoint in 0..service.endpoints.len() {
            let (mut mean, mut own, mut tail) = (0.0, 0.0, 0.0);
            for step in &service.endpoints[endpoint].1 {
                match step {
                    Step::Work(delay) => {
                        own += delay.mean() * shared.0;
                        work += sizes.worst[at][endpoint] * delay.mean();
                        tail += delay.tail() * shared.1;
                    }
                    Step::Wait(delay) => {
                        own += delay.mean();
                        tail += delay.tail();
                    }
                    _ => {}
                }
            }
            mean += own;
            let mut long = tail;
            let link = self.link;
            for (to, count, most) in self.calls_of((at, endpoint)) {
                mean += count * (2.0 * link.mean() + sizes.sojourn[to.0][to.1]);
                tail += most * (2.0 * link.tail() + sizes.tail[to.0][to.1]);
                let policies = self.calls.get(&(Caller::Service(at), to.0));
                let bounded = policies.and_then(Policies::longest);
                long += most * bounded.unwrap_or(2.0 * link.tail() + sizes.longest[to.0][to.1]);
            }
            let hold = if service.is_async { own } else { mean };
            longest_hold = longest_hold.max(hold);
            busy += sizes.rates[at][endpoint] * hold;
            busy_at_worst += sizes.worst[at][endpoint] * hold;
            held.push(mean);
            tails.push(tail);
            longest.push(long.max(tail));
        }
        let replicas = f64::from(service.replicas);
        let service = &mut self.services[at];
        if let Some(share) = service.busy {
            if service.cores.is_some() {
                service.cores = Some((work / (0.5 * replicas)).ceil().max(1.0) as u32);
            }
            if let Some(threads) = &mut service.threads {
                let need = (busy / share).max(busy_at_worst / MOST_BUSY_AT_WORST);
                *threads = (*threads).max((need / replicas).ceil() as u32);
            }
        }
        // Waiting in one instance, which gets its share of the load: M/G/c. Mean: Sakasegawa (1977),
        // "An approximation formula Lq = a rho^b / (1 - rho)"; tail: exponential.
        let (mut wait, mut rare) = (0.0, 0.0);
        if let Some(threads) = service.threads {
            let servers = f64::from(threads);
            let load = (busy / (replicas * servers)).min(0.95);
            let exponent = libm::sqrt(2.0 * (servers + 1.0));
            let room = servers * (1.0 - load);
            wait = VARIABILITY * longest_hold * libm::pow(load, exponent) / room;
            rare = VARIABILITY * RARE_MEANS * longest_hold / room;
        }
        sizes.sojourn[at] = held.iter().map(|held| held + wait).collect();
        sizes.tail[at] = tails.iter().map(|tail| tail + rare).collect();
        sizes.longest[at] = longest.iter().map(|long| long + rare).collect();
    }

    /// What a request of a workload takes longer than once in 100,000 times.
    pub fn tail_of(&self, workload: usize, sizes: &Sizes) -> f64 {
        let targets = self.workloads[workload].shares();
        let tails = targets.map(|((service, endpoint), _)| sizes.tail[service][endpoint]);
        tails.fold(0.0, f64::max) + 2.0 * self.link.tail()
    }
}

/// The next number of milliseconds or seconds that people write into configurations.
pub fn round_up(seconds: f64) -> f64 {
    const NICE: [f64; 18] = [
        0.25, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0,
        300.0, 600.0,
    ];
    let fits = NICE.into_iter().find(|nice| *nice >= seconds);
    fits.unwrap_or_else(|| seconds.ceil())
}

/// A service time with this mean, of any kind.
pub fn any_delay(kind: u32, mean: f64) -> Delay {
    match kind {
        0 => Delay::Constant(mean),
        1 => Delay::Uniform(0.5 * mean, 1.5 * mean),
        2 | 3 => Delay::Lognormal(mean, 4.0 * mean),
        _ => Delay::Exponential(mean),
    }
}
