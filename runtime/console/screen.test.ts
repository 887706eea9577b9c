import fc from 'fast-check';
import t from 'tap';
import type { ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import { type ConsoleFacts, usableAddresses } from './facts.ts';
import { renderScreen } from './screen.ts';

const size = { columns: 80, rows: 24 };
const node = (id: string, role: NodeStatus['role'], online = true): NodeStatus => ({
  ...{ id, name: `trivet-${id}`, address: '192.0.2.1:7443', role, online, appliedIndex: 7, lag: 0 },
  ...{ version: '0.1.0', failureDomain: null, weight: 0 },
});
const fingerprint = '9698986e01e0bf6c'.repeat(4);
const member: ClusterStatus = {
  ...{
    clusterName: 'shop',
    clusterId: '9a212172f529bf92',
    highAvailability: true,
    survives: 1,
    reason: null,
  },
  ...{ leader: 'a', revision: 7, nodes: [node('a', 'voter'), node('b', 'voter'), node('c', 'voter', false)] },
  self: { id: 'a', name: 'trivet-a', fingerprint, state: 'member' },
  warnings: [],
  system: {
    ...{
      name: 'cloud-x86_64',
      version: '0.1.0',
      architecture: 'x86_64',
      target: 'cloud',
      keys: 'development',
    },
    ...{ slot: 'a', state: 'good', other: null, lastUpdate: null, problem: null },
  },
};
const facts: ConsoleFacts = {
  hostName: 'trivet-9698986e',
  addresses: [
    { name: 'eth0', address: '192.0.2.11' },
    { name: 'eth0', address: '2001:db8:1234:5678:9abc:def0:1234:5678' },
    { name: 'eth1', address: 'fe80::5054:ff:fe12:3456' },
  ],
  status: member,
  enrolment: { closed: null, vouchers: false, admitted: 3, applicants: [] },
  silence: null,
};
const withStatus = (change: Partial<ClusterStatus>): ConsoleFacts => ({
  ...facts,
  status: { ...member, ...change },
});

t.test(
  'renderScreen shows a member: who, where, which role, how it is, and that nothing is waited for',
  async (t) => {
    t.same(renderScreen(facts, size), [
      'system:    Trivet 0.1.0 (cloud-x86_64), slot a, good, development keys',
      'name:      trivet-a (a)',
      'key:       9698986e01e0bf6c 9698986e01e0bf6c 9698986e01e0bf6c 9698986e01e0bf6c',
      'addresses: eth0 192.0.2.11, eth0 2001:db8:1234:5678:9abc:def0:1234:5678, eth1',
      '           fe80::5054:ff:fe12:3456',
      'agent:     answers',
      'cluster:   shop (9a212172f529bf92)',
      'role:      member, voter, leads the cluster',
      'health:    highly available, survives the loss of 1 node',
      'nodes:     2 of 3 online',
      'enrolment: open, 3 admitted',
    ]);
  },
);

t.test('renderScreen shows machines that are no members, and why', async (t) => {
  const stateOf = (state: ClusterStatus['self']['state'], reason: string): string =>
    renderScreen(
      withStatus({
        ...{ clusterId: null, highAvailability: false, reason, leader: null, nodes: [] },
        self: { id: 'a', name: 'trivet-a', fingerprint, state },
      }),
      size,
    ).join('\n');
  const blank = stateOf('blank', 'Waiting for more blank machines: 1 of 3 are there.');
  t.match(
    blank,
    'cluster:   shop\nrole:      none: this machine is not a member yet\nhealth:    not highly available\nwaits for: Waiting for more',
  );
  t.notMatch(blank, 'nodes:');
  t.match(stateOf('removed', 'x'), 'role:      none: this machine was removed from its cluster');
  t.match(stateOf('copy', 'x'), 'role:      none: another machine has the same identity');
  const waiting = renderScreen(
    {
      ...withStatus({ self: { id: '', name: 'host', state: 'waiting' }, clusterName: 'none', system: null }),
      addresses: [],
    },
    size,
  ).join('\n');
  t.match(waiting, 'system:    Trivet\nname:      host\naddresses: none yet\n');
  t.match(waiting, 'has not been told its cluster');
});

t.test('renderScreen says since when the agent does not answer, also when it never has', async (t) => {
  const silence = { since: new Date('2026-11-22T03:04:05.678Z'), reason: 'it does not run' };
  const never = renderScreen({ ...facts, status: null, enrolment: null, silence }, size);
  t.same(never.slice(-2), [
    'agent:     does not answer since 2026-11-22 03:04:05 UTC (it does not run). It',
    '           has not said anything yet.',
  ]);
  t.equal(never[1], 'name:      trivet-9698986e');
  const lines = renderScreen({ ...facts, silence }, size).join('\n');
  t.match(lines, /Below is what it said\s+last\.\ncluster: {3}shop/);
});

t.test('renderScreen tells of enrolment, updates and warnings', async (t) => {
  const applicant = { id: 'x', name: 'x', address: 'x', serial: null, waitingSeconds: 1 };
  const lines = renderScreen(
    {
      ...withStatus({
        warnings: ['An operator’s warning.', 'Another.'],
        highAvailability: false,
        reason: 'A node is off: switch it on.',
        system: { ...member.system!, lastUpdate: { ok: false, message: 'It did not fit.' } },
      }),
      enrolment: {
        ...{ closed: 'a node was removed', vouchers: false, admitted: 3 },
        applicants: [
          { ...applicant, approved: false },
          { ...applicant, approved: true },
        ],
      },
    },
    { columns: 200, rows: 24 },
  );
  for (const line of [
    'reason:    A node is off: switch it on.',
    'enrolment: closed, because a node was removed; 1 machine waits for approval (trivet nodes)',
    'update:    It did not fit.',
    "warning:   An operator's warning.",
    'warning:   Another.',
  ])
    t.ok(lines.includes(line), line);
});

t.test('renderScreen keeps within its size and to printable characters, whatever it is given', async (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.lorem({ maxCount: 100 }));
  fc.assert(
    fc.property(
      ...([fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 24 })] as const),
      ...([text, text, fc.array(text, { maxLength: 30 })] as const),
      (columns, rows, name, reason, warnings) => {
        const given = withStatus({ reason, warnings, self: { ...member.self, name } });
        const lines = renderScreen({ ...given, addresses: [{ name, address: reason }] }, { columns, rows });
        return (
          lines.length <= rows && lines.every((line) => line.length <= columns && /^[\x20-\x7e]*$/.test(line))
        );
      },
    ),
  );
  const many = renderScreen(
    withStatus({ warnings: Array.from({ length: 40 }, (_, i) => `Warning ${i}.`) }),
    size,
  );
  t.equal(many.length, 24);
  t.match(many.at(-1), /^ {11}\.\.\. 28 more lines: trivet status$/);
  const long = renderScreen(
    withStatus({ self: { ...member.self, name: 'n'.repeat(63), id: 'f'.repeat(16) } }),
    size,
  );
  t.same(long.slice(1, 3), [`name:      ${'n'.repeat(63)}`, `           (${'f'.repeat(16)})`]);
});

t.test('usableAddresses leaves out loopback and puts those of a link last', async (t) => {
  const info = (address: string, internal = false) => ({ address, internal });
  t.same(
    usableAddresses({
      lo: [info('127.0.0.1', true)],
      eth1: [info('fe80::1'), info('192.0.2.2')],
      eth0: [info('169.254.1.1'), info('2001:db8::1')],
      none: undefined,
    }).map(({ name, address }) => `${name} ${address}`),
    ['eth0 2001:db8::1', 'eth1 192.0.2.2', 'eth0 169.254.1.1', 'eth1 fe80::1'],
  );
});
