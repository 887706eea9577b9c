import t from 'tap';
import { planRecovery, type RecoveryObservation } from './recovery-plan.ts';

const observation: RecoveryObservation = {
  ...{ clusterName: 'shop', clusterId: 'c1', self: { id: '1', name: 'n1' }, leader: null },
  others: [
    { name: 'n2', role: 'voter', log: null },
    { name: 'n3', role: 'voter', log: null },
  ],
  log: { term: 3, index: 100 },
  knowsApiKeys: true,
};

t.test('planRecovery lets a survivor go on and says what is lost', async (t) => {
  const plan = planRecovery(observation);
  t.equal(plan.refusal, null);
  t.same(plan.notReachable, ['n2', 'n3']);
  t.match(plan.warnings[0], /n2, n3/);
  const blind = planRecovery({ ...observation, knowsApiKeys: false });
  t.same(blind.warnings.slice(0, -1), plan.warnings);
  t.match(blind.warnings.at(-1), /Secrets .* would be lost/);
});

t.test('planRecovery refuses while there is a leader, or a majority that can elect one', async (t) => {
  t.match(planRecovery({ ...observation, leader: 'n2' }).refusal, /nothing to recover/);
  const one = { name: 'n2', role: 'voter' as const, log: { term: 3, index: 90 } };
  t.match(
    planRecovery({ ...observation, others: [one, observation.others[1]!] }).refusal,
    /2 of 3 voters answer/,
  );
});

t.test('planRecovery refuses on a node without data, and on one that is behind another', async (t) => {
  t.match(planRecovery({ ...observation, log: { term: 0, index: 0 } }).refusal, /no data/);
  const standby = { name: 'n4', role: 'standby' as const, log: { term: 4, index: 50 } };
  const others = [...observation.others, standby];
  t.match(planRecovery({ ...observation, others }).refusal, /n4 answers and has newer data/);
  const older = { ...standby, log: { term: 3, index: 99 } };
  t.equal(planRecovery({ ...observation, others: [...observation.others, older] }).refusal, null);
});
