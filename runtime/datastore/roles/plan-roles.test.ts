import fc from 'fast-check';
import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import { type ObservedNode, planRoles, type RoleObservation, type RolePlan } from './plan-roles.ts';

const ids = (...names: string[]): NodeId[] => names as NodeId[];

/** What was said of a node beside its name: domain, weight, cost. */
type Traits = Partial<Pick<ObservedNode, 'failureDomain' | 'weight' | 'cost' | 'steady'>>;

/** "a" is online and caught up, "a-" offline, "a~" online and behind, "a!" about to stop, "a*" removed by a person. */
function observe(
  voters: string[],
  learners: string[],
  nodes: string[],
  traits: Record<string, Traits> = {},
): RoleObservation {
  return {
    leader: (voters[0] ?? '') as NodeId,
    configuration: { voters: ids(...voters), outgoing: [], learners: ids(...learners) },
    nodes: nodes.map((text): ObservedNode => {
      const id = text.replace(/[-~!*]/, '') as NodeId;
      return {
        id,
        online: !text.endsWith('-'),
        steady: true,
        caughtUp: !/[-~]$/.test(text),
        leaving: text.endsWith('!'),
        removing: text.endsWith('*'),
        ...{ failureDomain: null, weight: 0, cost: 5 },
        ...traits[id],
      };
    }),
    targets: { voters: 3, standbys: 2 },
  };
}

/** The failure domain of every node, by the first letter of the text after it: domains('a1', 'b2'). */
function domains(...texts: string[]): Record<string, Traits> {
  return Object.fromEntries(texts.map((text) => [text[0], { failureDomain: text.slice(1) }]));
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
  [
    'gives the seat of a voter that is about to stop to a standby',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c!', 'd']),
    { voters: ['a', 'b', 'd'], learners: ['c'] },
  ],
  [
    'lets a voter keep its seat when nobody can take it',
    observe(['a', 'b', 'c'], [], ['a', 'b', 'c!']),
    null,
  ],
  [
    'replaces a voter that is gone before one that is about to stop',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b!', 'c-', 'd']),
    { voters: ['a', 'b', 'd'], learners: [] },
  ],
  [
    'hands the only seat over when its holder is about to stop',
    observe(['a'], ['b'], ['a!', 'b']),
    { voters: ['b'], learners: ['a'] },
  ],
  [
    'gives the seat of a removed voter to a standby',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c*', 'd']),
    { voters: ['a', 'b', 'd'], learners: [] },
  ],
  [
    'takes the seat of a removed voter away when nobody takes it, and stays odd',
    observe(['a', 'b', 'c'], [], ['a', 'b', 'c*']),
    { voters: ['a'], learners: ['b'] },
  ],
  [
    'lets go of a lost voter too rather than of one that works',
    observe(['a', 'b', 'c'], [], ['a', 'b-', 'c*']),
    { voters: ['a'], learners: [] },
  ],
  [
    'takes the seat of one that is not in the list any more',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'd']),
    { voters: ['a', 'b', 'd'], learners: [] },
  ],
  [
    'lets nobody stand by who was removed',
    observe(['a'], ['b'], ['a', 'b*']),
    { voters: ['a'], learners: [] },
  ],
  [
    'gives the only seat to the standby when its holder was removed',
    observe(['a'], ['b'], ['a*', 'b']),
    { voters: ['b'], learners: [] },
  ],
  ['does not take the last seat away', observe(['a'], [], ['a*']), null],
  [
    'takes a standby of the domain that lacks a voter',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c-', 'd', 'e'], domains('a1', 'b2', 'c3', 'd1', 'e3')),
    { voters: ['a', 'b', 'e'], learners: ['d'] },
  ],
  [
    'takes the standby of the lowest weight',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c-', 'd', 'e'], { d: { weight: 5 } }),
    { voters: ['a', 'b', 'e'], learners: ['d'] },
  ],
  [
    'takes the standby on the far faster disk',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c-', 'd', 'e'], { d: { cost: 300 } }),
    { voters: ['a', 'b', 'e'], learners: ['d'] },
  ],
  [
    'moves a voter to a domain that lacks one, and leaves the leader',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], domains('a1', 'b1', 'c2', 'd3')),
    { voters: ['a', 'c', 'd'], learners: ['b'] },
  ],
  [
    'moves nobody while something is down',
    observe(['a', 'b', 'c'], ['d', 'e'], ['a', 'b', 'c', 'd', 'e-'], domains('a1', 'b1', 'c2', 'd3', 'e3')),
    null,
  ],
  [
    'moves nobody to a node that comes and goes',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], {
      ...domains('a1', 'b1', 'c2', 'd3'),
      d: { failureDomain: '3', steady: false },
    }),
    null,
  ],
  [
    'lets a spare of a domain without a replica stand by first',
    observe(
      ['a', 'b', 'c'],
      ['d', 'e'],
      ['a', 'b', 'c', 'd', 'e', 'f'],
      domains('a1', 'b1', 'c1', 'd1', 'e1', 'f2'),
    ),
    { voters: ['a', 'b', 'c'], learners: ['d', 'f'] },
  ],
  [
    'moves a seat from a higher weight to a lower one',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], { b: { weight: 5 }, c: { weight: 9 } }),
    { voters: ['a', 'b', 'd'], learners: ['c'] },
  ],
  [
    'puts domains before weights',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], {
      ...domains('a1', 'b2', 'd1'),
      c: { failureDomain: '3', weight: 9 },
    }),
    null,
  ],
  [
    'does not move a seat for a small difference in load',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], { b: { cost: 30 }, d: { cost: 10 } }),
    null,
  ],
  [
    'moves a seat away from a machine that is far slower',
    observe(['a', 'b', 'c'], ['d'], ['a', 'b', 'c', 'd'], { b: { cost: 400 }, d: { cost: 10 } }),
    { voters: ['a', 'c', 'd'], learners: ['b'] },
  ],
];

for (const [name, observation, expected] of cases) {
  t.test(`planRoles ${name}`, async (t) => t.same(planRoles(observation), expected));
}

const anyNode = fc.record({
  online: fc.boolean(),
  steady: fc.boolean(),
  caughtUp: fc.boolean(),
  leaving: fc.boolean(),
  removing: fc.constant(false),
  failureDomain: fc.constantFrom(null, '1', '2', '3'),
  weight: fc.constantFrom(0, 0, 1, 5),
  cost: fc.constantFrom(null, 1, 5, 30, 200, 1000),
  role: fc.constantFrom('voter', 'learner', 'none'),
});

const anyObservation = fc
  .record({
    others: fc.array(anyNode, { maxLength: 8 }),
    standbys: fc.constantFrom(0, 2),
    voters: fc.constantFrom(1, 3, 5),
  })
  .map(({ others, ...targets }): RoleObservation => {
    const all = others.map((each, i) => ({ ...each, id: `n${i}` as NodeId }));
    const withRole = (role: string): NodeId[] =>
      all.filter((each) => each.role === role).map((each) => each.id);
    const voters = [...ids('leader'), ...withRole('voter')];
    if (voters.length % 2 === 0) voters.pop();
    const well = { online: true, steady: true, caughtUp: true, leaving: false, removing: false };
    const leader = { ...well, weight: 3, cost: 50 };
    return {
      leader: 'leader' as NodeId,
      configuration: { voters, outgoing: [], learners: withRole('learner') },
      nodes: [{ id: 'leader' as NodeId, failureDomain: '1', ...leader }, ...all],
      targets,
    };
  });

/** Every configuration that the plan passes through until it is content. */
function walk(observation: RoleObservation): { before: RoleObservation; plan: RolePlan }[] {
  const steps: { before: RoleObservation; plan: RolePlan }[] = [];
  let before = observation;
  for (let plan = planRoles(before); plan !== null; plan = planRoles(before)) {
    // Nobody has more than eight seats to fill and forty exchanges to make.
    if (steps.length > 48) throw new Error('the plan does not settle');
    steps.push({ before, plan });
    before = { ...before, configuration: { ...plan, outgoing: [] } };
  }
  return steps;
}

t.test(
  'planRoles keeps an odd number and the leader, drops no voter without another, and settles',
  async (_t) => {
    fc.assert(
      fc.property(anyObservation, (observation) => {
        for (const { before, plan } of walk(observation)) {
          if (plan.voters.length % 2 === 0) throw new Error('an even number of voters');
          if (plan.voters.length < before.configuration.voters.length) throw new Error('a seat was lost');
          if (!plan.voters.includes('leader' as NodeId)) throw new Error('the leader lost its seat');
        }
      }),
      { numRuns: 3000 },
    );
  },
);

t.test('planRoles lets only a standby that is there and caught up become a voter', async (_t) => {
  fc.assert(
    fc.property(anyObservation, (observation) => {
      for (const { before, plan } of walk(observation)) {
        const promoted = plan.voters.filter((id) => !before.configuration.voters.includes(id));
        for (const id of promoted) {
          const node = before.nodes.find((each) => each.id === id);
          const isFit = node?.online && node.caughtUp && !node.leaving;
          if (!isFit || !before.configuration.learners.includes(id))
            throw new Error(`${id} is not fit to vote`);
        }
      }
    }),
    { numRuns: 3000 },
  );
});

t.test(
  'planRoles takes one seat at a time from healthy nodes, and none while something is down',
  async (_t) => {
    fc.assert(
      fc.property(anyObservation, (observation) => {
        const isUp = (id: NodeId): boolean =>
          before.nodes.some((node) => node.id === id && node.online && !node.leaving);
        let before = observation;
        for (const step of walk(observation)) {
          before = step.before;
          const { voters, learners } = before.configuration;
          const unseated = voters.filter((id) => isUp(id) && !step.plan.voters.includes(id));
          if (unseated.length > 1) throw new Error('two healthy voters were moved at once');
          if (unseated.length === 1 && ![...voters, ...learners].every(isUp)) {
            throw new Error('a healthy voter was moved while something was down');
          }
        }
      }),
      { numRuns: 3000 },
    );
  },
);

t.test(
  'planRoles takes the seats of all that were removed, and keeps an odd number of voters',
  async (_t) => {
    fc.assert(
      fc.property(anyObservation, fc.array(fc.boolean(), { maxLength: 8 }), (well, removed) => {
        const nodes = well.nodes.map((node, i) => ({ ...node, removing: removed[i - 1] ?? false }));
        const observation = { ...well, nodes };
        const { voters, learners } = walk(observation).at(-1)?.plan ?? observation.configuration;
        if (voters.length % 2 === 0) throw new Error('an even number of voters');
        const seated = [...voters, ...learners];
        if (nodes.some((node) => node.removing && seated.includes(node.id)))
          throw new Error('one that was removed has a seat');
      }),
      { numRuns: 3000 },
    );
  },
);

t.test('planRoles ends with voters in as many domains as there can be, when all is well', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('1', '2', '3'), { minLength: 2, maxLength: 8 }), (others) => {
      const present = { online: true, steady: true, caughtUp: true, leaving: false, removing: false };
      const well = { ...present, weight: 0, cost: 5 };
      const nodes = ['1', ...others].map((failureDomain, i) => ({
        id: `n${i}` as NodeId,
        failureDomain,
        ...well,
      }));
      const configuration = { voters: ids('n0', 'n1', 'n2'), outgoing: [], learners: [] };
      const targets = { voters: 3, standbys: 2 };
      const steps = walk({ leader: 'n0' as NodeId, configuration, nodes, targets });
      const voters = steps.at(-1)?.plan.voters ?? configuration.voters;
      const reached = new Set(
        nodes.filter(({ id }) => voters.includes(id)).map((node) => node.failureDomain),
      );
      t.equal(reached.size, Math.min(3, new Set(nodes.map((node) => node.failureDomain)).size));
    }),
    { numRuns: 300 },
  );
});
