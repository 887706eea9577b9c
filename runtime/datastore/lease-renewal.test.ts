import t from 'tap';
import type { LogIndex, NodeId, Term } from '../raft/types.ts';
import { realSurroundings } from './clock.ts';
import { Leases } from './leases.ts';
import type { Replica } from './replica.ts';
import { ReplicatedCore } from './replicated-core.ts';
import { encodeCommand } from './state-machine/command-codec.ts';
import { openStateMachine } from './state-machine/state-machine.ts';

const id = '00000000000000aa' as NodeId;

/** A core over a replica that says it leads; `confirms` says whether the others agree when it asks them. */
function coreThatLeads(confirms: () => Promise<boolean>): ReplicatedCore {
  const machine = openStateMachine(':memory:');
  const body = { kind: 'grantLease', lease: 5, seconds: 60 } as const;
  const data = encodeCommand({ session: 1, sequence: 1, acknowledged: 1, body });
  machine.apply([{ index: 1 as LogIndex, term: 1 as Term, kind: 'command', data }], () => null);
  const configuration = { voters: [id], outgoing: [], learners: [] };
  const replica = {
    status: () => ({ id, role: 'leader', term: 1, leader: id, configuration }),
    machine,
    linearize: confirms,
    obstacle: null,
  } as unknown as Replica;
  const network = {
    leader: () => id,
    request: async () => Promise.reject(new Error('nobody else')),
    explainUnavailable: () => 'no quorum',
    clusterId: () => '00000000000000cc',
    members: () => [],
  };
  const options = { version: '0', spaceLimitBytes: 2 ** 31, keepRevisions: 1e6, log: () => {} };
  const core = new ReplicatedCore(replica, network, { ...realSurroundings, ...options });
  t.teardown(() => core.close());
  return core;
}

t.test('a lease is renewed only by a leader whom a quorum has just confirmed', async (t) => {
  const sure = coreThatLeads(async () => true);
  t.equal(await sure.serve('store.keepLeaseAlive', { id: 5 }), 60);
  // Another may lead already, and count the lease's time by its own clock.
  const unsure = coreThatLeads(async () => false);
  await t.rejects(unsure.serve('store.keepLeaseAlive', { id: 5 })!, { code: 'notLeader' });
});

t.test('the time of a renewal counts from before the leader was confirmed', async (t) => {
  let now = 0;
  let term: number | null = 1;
  const ended: number[] = [];
  const leases = new Leases({
    clock: { ...realSurroundings.clock, now: () => now },
    leadingTerm: () => term,
    changes: () => 1,
    stored: () => [{ id: 5, seconds: 10, granted: 1 }],
    revoke: async (lease) => ended.push(lease.id),
  });
  leases.check();
  now = 9_000;
  t.equal(leases.renew(5, 8_000), 10);
  now = 17_900;
  leases.check();
  t.same(ended, []);
  now = 18_000;
  leases.check();
  t.same(ended, [5]);
  t.equal(leases.renew(5, now), null, 'a lease that is ending is not renewed');
  term = null;
  t.equal(leases.renew(5, now), null, 'nobody but the leader renews');
  term = 2;
  t.equal(leases.remaining(5), 10, 'a new term gives the full time again');
});
