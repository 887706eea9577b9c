import t from 'tap';
import { formatResults, median, type Results } from './results.ts';

const results: Results = {
  ...{ machine: '2 x CPU', accelerator: 'tcg', loadBefore: 0.25, recipe: 'recipes/a.yaml' },
  sizes: [{ image: 'a', compressedBytes: 70_040_000, updateBytes: 65_000_000 }],
  builds: { coldSeconds: 60, warmSeconds: 4.04, changedAgentSeconds: 15 },
  powerOn: {
    ...{ trivetSeconds: [30, 34, 32], stockSeconds: [80, 90] },
    stock: { kernelVersion: '6.12.1', packages: 200 },
  },
  formings: [],
};

t.test('median is the middle, or between the two in the middle', async (t) => {
  t.equal(median([5, 1, 3]), 3);
  t.equal(median([4, 1, 3, 2]), 2.5);
  t.equal(median([7]), 7);
});

t.test('formatResults says what was measured, on what, and what it was compared with', async (t) => {
  const text = formatResults(results);
  t.match(text, /^measured on 2 x CPU, tcg; load when it began: 0\.3\n/);
  t.match(text, /^a +70\.0 MB +65\.0 MB$/m);
  t.match(text, /^power-on to agent healthy \(median of 3\) +32\.0 s$/m);
  t.match(text, /^power-on to multi-user\.target, stock Debian \(median of 2\) +85\.0 s$/m);
  t.match(text, 'stock Debian: 200 packages');
  t.notMatch(text, 'three machines');
  const forming = { seconds: 70, usedMemoryBytes: 94e6, agentResidentBytes: 83e6 };
  t.match(
    formatResults({ ...results, formings: [forming] }),
    /^three machines .* \(median of 1\) +70\.0 s$/m,
  );
});
