import fc from 'fast-check';
import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import { type ObservedNode, planRoles, type RoleObservation } from './plan-roles.ts';

const ids = (...names: string[]): NodeId[] => names as NodeId[];

/** "a" is online and caught up, "a-" offline, "a~" online and behind. */
function observe(voters: string[], learners: string[], nodes: string[]): RoleObservation {
  return {
    leader: (voters[0] ?? '') as NodeId,
    configuration: { voters: ids(...voters), outgoing: [], learners: ids(...learners) },
    nodes: nodes.map(
      (text): ObservedNode => ({
        id: text.replace(/[-~]/, '') as NodeId,
        online: !text.endsWith('-'),
        caughtUp: !/[-~]$/.test(text),
      }),
    ),
    targets: { voters: 3, standbys: 2 },
  };
}

const cases: [string, RoleObservation, { voters: string[]; learners: string[] } | null][] = [
  ['leaves a single node alone', observe(['a'], [], ['a']), null],
  ['lets one of two nodes vote', observe(['a'], [], ['a', 'b']), { voters: ['a'], learners: ['b'] }],
  ['keeps one voter of two, also when both are caught up', observe(['a'], ['b'], ['a', 'b']), null],
  [
    'lets new nodes learn first',
    observe(['a'], [], ['a', 'b~', 'c~']),
    { voters: ['a'], learners: ['b', 'c'] },
  ],
  ['waits until both can vote', observe(['a'], ['b', 'c'], ['a', 'b', 'c~']), null],
  [
    'goes from one voter to three in one step',
    observe(['a'], ['b', 'c'], ['a', 'b', 'c']),
    { voters: ['a', 'b', 'c'], learners: [] },
  ],
  [
    'makes the fourth node a standby',
    observe(['a', 'b', 'c'], [], ['a', 'b', 'c', 'd']),
    { voters: ['a', 'b', 'c'], learners: ['d'] },
  ],
  ['leaves the sixth node spare', observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c', 'd', 'e', 'f']), null],
  ['keeps a lost voter whom nobody can replace', observe(['a', 'b', 'c'], [], ['a', 'b', 'c-']), null],
  [
    'gives a lost voter seat to a caught-up standby',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c-', 'd']),
    { voters: ['a', 'b', 'd'], learners: [] },
  ],
  [
    'does not promote a standby that is behind',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c-', 'd~']),
    null,
  ],
  [
    'lets a returned node stand by',
    observe(['a', 'b', 'd'], [], ['a', 'b', 'c', 'd']),
    { voters: ['a', 'b', 'd'], learners: ['c'] },
  ],
  [
    'gives a lost standby seat to a spare',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c', 'd-', 'e', 'f']),
    { voters: ['a', 'b', 'c'], learners: ['e', 'f'] },
  ],
  [
    'keeps a lost standby when there is no spare',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c', 'd-', 'e']),
    null,
  ],
];

for (const [name, observation, expected] of cases) {
  t.test(`planRoles ${name}`, async (t) => t.same(planRoles(observation), expected));
}

t.test(
  'planRoles keeps the number of voters odd, keeps the leader and settles, whatever it sees',
  async (t) => {
    const node = fc.record({
      online: fc.boolean(),
      caughtUp: fc.boolean(),
      role: fc.constantFrom('voter', 'learner', 'none'),
    });
    fc.assert(
      fc.property(fc.array(node, { maxLength: 8 }), (others) => {
        const all = others.map((each, i) => ({ ...each, id: `n${i}` as NodeId }));
        const voters = [
          ...ids('leader'),
          ...all.filter((each) => each.role === 'voter').map((each) => each.id),
        ];
        if (voters.length % 2 === 0) voters.pop();
        const observation: RoleObservation = {
          leader: 'leader' as NodeId,
          configuration: {
            voters,
            outgoing: [],
            learners: all.filter((each) => each.role === 'learner').map((each) => each.id),
          },
          nodes: [{ id: 'leader' as NodeId, online: true, caughtUp: true }, ...all],
          targets: { voters: 3, standbys: 2 },
        };
        let plan = planRoles(observation);
        // Every step fills or repairs a seat: there are no more steps than nodes and seats.
        for (let step = 0; plan !== null; step += 1) {
          if (step > 16) throw new Error('the plan does not settle');
          if (plan.voters.length % 2 === 0) throw new Error('an even number of voters');
          if (!plan.voters.includes('leader' as NodeId)) throw new Error('the leader lost its seat');
          plan = planRoles({ ...observation, configuration: { ...plan, outgoing: [] } });
        }
      }),
      { numRuns: 2000 },
    );
    t.pass();
  },
);
