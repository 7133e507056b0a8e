// Records what the hedging of @grpc/grpc-js 1.14.7 does on random scripts, on a clock of its own, as
// `tests/data/policies/grpc-js-hedging.jsonl`: `npm install @grpc/grpc-js@1.14.7`, then
// `node grpc-js-hedging.mjs LINES SEED > grpc-js-hedging.jsonl`. Its class `RetryingCall` is driven as its channel does.
// Push-backs are left out: there grpc-js does other than gRPC A6 says.

import { createRequire } from 'node:module';
const require = createRequire(process.cwd() + '/');
const { RetryingCall } = require('@grpc/grpc-js/build/src/retrying-call.js');
const { Metadata } = require('@grpc/grpc-js');

const settle = setImmediate;
const clock = { now: 0, next: 1, timers: new Map() };
globalThis.setTimeout = (run, delay = 0) => {
  const timer = { id: clock.next++, due: clock.now + delay, run, unref() {} };
  clock.timers.set(timer.id, timer);
  return timer;
};
globalThis.clearTimeout = timer => timer && clock.timers.delete(timer.id);

function advance(to) {
  for (;;) {
    const due = [...clock.timers.values()].filter(timer => timer.due <= to);
    if (due.length === 0) break;
    due.sort((a, b) => a.due - b.due || a.id - b.id);
    clock.timers.delete(due[0].id);
    clock.now = due[0].due;
    due[0].run();
  }
  clock.now = to;
}

let state = BigInt(process.argv[3] ?? 1);
const mask = (1n << 64n) - 1n;
function below(most) {
  state ^= (state << 13n) & mask;
  state ^= state >> 7n;
  state ^= (state << 17n) & mask;
  return Number((state >> 11n) % BigInt(most));
}

const names = { 0: 'ok', 13: 'INTERNAL', 14: 'UNAVAILABLE', 8: 'RESOURCE_EXHAUSTED', 2: 'UNKNOWN' };

function begin(policy) {
  const call = { tries: [], outcome: undefined };
  const channel = {
    getOptions: () => ({}),
    createLoadBalancingCall: () => {
      const child = {
        start(_, listener) { child.listener = listener; },
        cancelWithStatus() { child.over = true; },
        getCallNumber: () => 1,
        sendMessageWithContext() {}, halfClose() {}, startRead() {},
      };
      call.tries.push(child);
      return child;
    },
  };
  const config = { methodConfig: { hedgingPolicy: policy } };
  const buffer = { freeAll() {}, allocate: () => true, free() {} };
  call.call = new RetryingCall(channel, config, '/s/m', 'host', null, Infinity, 1, buffer, undefined);
  call.call.start(new Metadata(), { onReceiveStatus(status) { call.outcome = status.code; } });
  return call;
}

async function record(lines) {
  const attempts = 2 + below(5);
  const delay = [0, 50, 100, 300][below(4)];
  const codes = [[], ['UNAVAILABLE'], ['UNAVAILABLE', 'INTERNAL'], ['RESOURCE_EXHAUSTED']][below(4)];
  const policy = { maxAttempts: attempts, hedgingDelay: `${delay / 1000}s`, nonFatalStatusCodes: codes };
  const ours = `grpc(hedgingPolicy: (maxAttempts: ${attempts}, hedgingDelay: "${delay}ms", nonFatalStatusCodes: [${codes}]))`;
  console.log(JSON.stringify({ library: '@grpc/grpc-js', version: '1.14.7', policy: ours }));
  clock.now = 0;
  clock.timers.clear();
  const calls = [];
  for (let i = 0; i < lines; i++) {
    advance(clock.now + below(120));
    const open = calls.flatMap((call, id) => call.outcome !== undefined ? []
      : call.tries.map((child, leg) => ({ call, id, child, leg })).filter(({ child }) => !child.over));
    let line, call;
    if (open.length === 0 || (open.length < 12 && below(3) === 0)) {
      call = begin(policy);
      calls.push(call);
      line = { t: clock.now / 1000, op: 'acquire', id: calls.length - 1 };
    } else {
      const one = open[below(open.length)];
      call = one.call;
      const code = below(3) === 0 ? 0 : [14, 14, 13, 8, 2][below(5)];
      one.child.over = true;
      line = { t: clock.now / 1000, op: 'result', id: one.id, leg: one.leg };
      Object.assign(line, code === 0 ? { outcome: 'ok' } : { outcome: 'error', status: code });
      one.child.listener.onReceiveStatus({ code, details: names[code], metadata: new Metadata(), progress: 'PROCESSED' });
    }
    advance(clock.now);
    await new Promise(settle);
    const hedges = calls.reduce((sum, of) => sum + of.tries.length - 1, 0);
    line.expect = { at: 'inside', counts: { hedges } };
    if (call.outcome !== undefined) {
      line.expect.at = 'ended';
      line.expect.outcome = call.outcome === 0 ? 'ok' : 'error';
    }
    console.log(JSON.stringify(line));
  }
}

const lines = Number(process.argv[2] ?? 80);
for (let i = 0; i < 8; i++) await record(Math.floor(lines / 8));
