import t from 'tap';
import { decideElectionTicks, type TimingMeasurements } from './election-timing.ts';

const calm: TimingMeasurements = {
  presentTicks: 20,
  tickMilliseconds: 25,
  configuredMilliseconds: 500,
  syncMilliseconds: [1, 2, 1],
  lateMilliseconds: [0, 1, 0],
  roundTripMilliseconds: [1, 1],
};

t.test('decideElectionTicks stays at what is configured where all is fast', async (t) => {
  t.equal(decideElectionTicks(calm), 20);
  const nothing = { syncMilliseconds: [], lateMilliseconds: [], roundTripMilliseconds: [] };
  t.equal(decideElectionTicks({ ...calm, ...nothing }), 20, 'nothing measured yet');
});

t.test('decideElectionTicks rises at once with slow syncs, late ticks and a slow network', async (t) => {
  t.equal(decideElectionTicks({ ...calm, syncMilliseconds: [400, 1, 400] }), 48);
  t.equal(decideElectionTicks({ ...calm, lateMilliseconds: [900, 800] }), 64);
  t.equal(decideElectionTicks({ ...calm, roundTripMilliseconds: [600, 600] }), 48);
});

t.test('decideElectionTicks takes no notice of one sample that stands alone', async (t) => {
  t.equal(decideElectionTicks({ ...calm, syncMilliseconds: [1, 5_000, 1] }), 20);
});

t.test(
  'decideElectionTicks never waits longer than 10 s, unless the configuration asks for it',
  async (t) => {
    const slow = { ...calm, syncMilliseconds: [9_000, 9_000] };
    t.equal(decideElectionTicks(slow), 400);
    t.equal(decideElectionTicks({ ...slow, configuredMilliseconds: 20_000 }), 800);
  },
);

t.test('decideElectionTicks falls slowly, and arrives', async (t) => {
  let ticks = 400;
  const way = [];
  while (ticks > 20 && way.length < 100) {
    ticks = decideElectionTicks({ ...calm, presentTicks: ticks });
    way.push(ticks);
  }
  t.equal(way[0], 362);
  t.equal(ticks, 20);
});
