// Records what opossum and cockatiel decide on random scripts, under a fake clock.
//
//     npm install opossum@9.0.0 cockatiel@3.2.1 @sinonjs/fake-timers
//     node node_breakers.mjs LIBRARY SEED SCRIPTS STEPS > ../data/policies/LIBRARY-breaker.jsonl
//
// LIBRARY is `opossum` or `cockatiel`; with cockatiel 4 its `halfOpenSampling` is given as well. Run it where they are
// installed. Times are whole milliseconds.

import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'x.js'));
const FakeTimers = require('@sinonjs/fake-timers');

const [library, seed, scripts, steps] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const { version } = JSON.parse(
  require('node:fs').readFileSync(`node_modules/${library}/package.json`, 'utf8'));

// Mulberry32.
let random = seed;
function uniform () {
  random = (random + 0x6D2B79F5) | 0;
  let t = Math.imul(random ^ (random >>> 15), 1 | random);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const pick = all => all[Math.floor(uniform() * all.length)];

const START = 1767225600000;
const clock = FakeTimers.install({
  now: START,
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
});
const settle = async () => { for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve)); };

class Handled extends Error {}

// A call of the library: whether what is inside was asked, and how to end it.
class Call {
  constructor (run) {
    this.begun = false;
    this.over = false;
    const inside = () => {
      this.begun = true;
      return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    };
    run(inside).then(() => {}, () => {}).finally(() => { this.over = true; });
  }
}

function opossum () {
  const CircuitBreaker = require('opossum');
  const options = {
    timeout: false,
    resetTimeout: pick([100, 1000, 5000]),
    errorThresholdPercentage: pick([50, 7, 25, 33.3, 29, 0, 100]),
    volumeThreshold: pick([0, 1, 5, 10]),
    rollingCountTimeout: pick([1000, 10000, 333]),
    rollingCountBuckets: pick([1, 3, 10]),
    allowWarmUp: uniform() < 0.2,
    errorFilter: error => !(error instanceof Handled),
  };
  const breaker = new CircuitBreaker(inside => inside(), options);
  const fields = ['resetTimeout', 'errorThresholdPercentage', 'volumeThreshold', 'rollingCountTimeout',
    'rollingCountBuckets', 'allowWarmUp'].map(name => `${name}: ${options[name]}`);
  const bucket = Math.floor(options.rollingCountTimeout / options.rollingCountBuckets);
  return {
    policy: `opossum(timeout: 0, ${fields.join(', ')}, errorFilter: [rejected])`,
    spans: [options.resetTimeout, bucket, options.rollingCountTimeout],
    call: () => new Call(inside => breaker.fire(inside)),
    state: () => breaker.opened ? 'open' : breaker.closed ? 'closed' : 'half_open',
    stop: () => breaker.shutdown(),
  };
}

function cockatiel () {
  const { ConsecutiveBreaker, CountBreaker, SamplingBreaker, circuitBreaker, handleType, CircuitState } =
    require('cockatiel');
  const wait = pick([100, 1000, 5000]);
  const threshold = pick([0.2, 0.5, 0.29, 0.07, 0.333]);
  const spans = [wait];
  let breaker, text;
  const kind = pick(['consecutive', 'count', 'sampling']);
  if (kind === 'consecutive') {
    const failures = pick([1, 2, 3, 5]);
    breaker = new ConsecutiveBreaker(failures);
    text = `ConsecutiveBreaker(${failures})`;
  } else if (kind === 'count') {
    const size = pick([1, 5, 10, 100]);
    const minimumNumberOfCalls = pick([1, size, Math.ceil(size / 2)]);
    breaker = new CountBreaker({ threshold, size, minimumNumberOfCalls });
    text = `CountBreaker(threshold: ${threshold}, size: ${size}, minimumNumberOfCalls: ${minimumNumberOfCalls})`;
  } else {
    const duration = pick([300, 1000, 5000, 7777]);
    const minimumRps = pick([undefined, 1, 3]);
    breaker = new SamplingBreaker({ threshold, duration, minimumRps });
    text = `SamplingBreaker(threshold: ${threshold}, duration: ${duration}` +
      (minimumRps ? `, minimumRps: ${minimumRps})` : ')');
    spans.push(Math.round(duration / Math.max(5, Math.ceil(duration / 1000))), duration);
  }
  const options = { halfOpenAfter: wait, breaker };
  let more = '';
  if (Number(version.split('.')[0]) >= 4) {
    const sampling = { calls: pick([1, 2, 5]), threshold: pick([0, 0.2, 0.5, 0.75]) };
    options.halfOpenSampling = sampling;
    more = `, halfOpenSampling: (calls: ${sampling.calls}, threshold: ${sampling.threshold})`;
  }
  const policy = circuitBreaker(handleType(Handled), options);
  const names = { [CircuitState.Closed]: 'closed', [CircuitState.Open]: 'open', [CircuitState.HalfOpen]: 'half_open' };
  return {
    policy: `cockatiel(circuitBreaker: (halfOpenAfter: ${wait}, breaker: ${text}${more}, handle: [error]))`,
    spans,
    call: () => new Call(inside => policy.execute(inside)),
    state: () => names[policy.state],
    stop: () => {},
  };
}

const say = line => console.log(JSON.stringify(line));

for (let script = 0; script < scripts; script++) {
  const start = clock.now;
  const driven = { opossum, cockatiel }[library]();
  say({ library, version, policy: driven.policy });
  const out = new Map();
  const parked = new Map();
  let failing = uniform();
  for (let step = 0, id = 0; step < steps; step++) {
    const span = pick(driven.spans);
    clock.tick(pick([0, 0, 1, 1, Math.ceil(span / 20), Math.ceil(span / 3), span - 1, span]));
    await settle();
    if (uniform() < 0.05) failing = uniform();
    const line = { t: (clock.now - start) / 1000 };
    let expect;
    if (out.size > 0 && (uniform() < 0.5 || out.size > 6)) {
      const [number, call] = pick([...out]);
      out.delete(number);
      const outcome = uniform() < failing ? pick(['error', 'error', 'error', 'rejected']) : 'ok';
      if (outcome === 'ok') call.resolve();
      else call.reject(outcome === 'error' ? new Handled() : new Error());
      await settle();
      Object.assign(line, { op: 'result', id: number, outcome });
      expect = {};
    } else {
      const call = driven.call();
      await settle();
      id++;
      Object.assign(line, { op: 'acquire', id });
      expect = { permitted: call.begun };
      if (call.begun) out.set(id, call);
      else if (!call.over) {
        parked.set(id, call);
        expect.at = 'parked';
      }
    }
    expect.state = driven.state();
    say({ ...line, expect });
    for (const [number, call] of parked) {
      if (!call.begun && !call.over) continue;
      parked.delete(number);
      if (call.begun) out.set(number, call);
      say({ t: line.t, op: 'look', id: number, expect: { permitted: call.begun, state: driven.state() } });
    }
  }
  driven.stop();
}
process.exit(0);
