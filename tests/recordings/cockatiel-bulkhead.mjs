// Records what the bulkhead of cockatiel 3.2.1 decides.
//
//     npm install cockatiel@3.2.1
//     node cockatiel-bulkhead.mjs SEED SCRIPTS STEPS > ../data/policies/cockatiel-bulkhead.jsonl
import { bulkhead } from 'cockatiel';

let [seed, scripts, steps] = process.argv.slice(2).map(Number);
const draw = below => {
  seed = (seed * 1103515245 + 12345) % 2147483648;
  return Math.floor(seed / 65536) % below;
};
const settle = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

for (let script = 0; script < scripts; script++) {
  const limit = 1 + draw(4), queue = draw(4);
  const policy = `cockatiel(bulkhead: (limit: ${limit}, queue: ${queue}))`;
  console.log(JSON.stringify({ library: 'cockatiel', version: '3.2.1', policy }));
  const tested = bulkhead(limit, queue);
  const at = [], ends = [];
  for (let step = 0; step < steps; step++) {
    const inside = at.flatMap((where, id) => (where === 'inside' ? [id] : []));
    const kind = draw(10);
    let line;
    if (kind < 5 || !inside.length) {
      const id = at.push('parked') - 1;
      const work = () => {
        at[id] = 'inside';
        return new Promise((resolve, reject) => (ends[id] = [resolve, reject]));
      };
      const ended = () => (at[id] = 'ended');
      tested.execute(work).then(ended, ended);
      await settle();
      line = { op: 'acquire', id, expect: { permitted: at[id] === 'inside', at: at[id] } };
    } else if (kind < 8) {
      const id = inside[draw(inside.length)];
      const ok = draw(2);
      ends[id][ok ? 0 : 1](new Error('failed'));
      await settle();
      line = { op: 'result', id, outcome: ok ? 'ok' : 'error', expect: { at: 'ended' } };
    } else {
      const id = draw(at.length);
      line = { op: 'look', id, expect: { at: at[id] } };
    }
    line.expect.numbers = { out: limit - tested.executionSlots };
    console.log(JSON.stringify({ t: step / 10, ...line }));
  }
}
