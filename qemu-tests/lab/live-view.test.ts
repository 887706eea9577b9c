import t from 'tap';
import type { ClusterStatus } from '../../runtime/admin/protocol.ts';
import type { MachineView } from './cluster-watch.ts';
import { LiveView, renderView } from './live-view.ts';

const blank: ClusterStatus = {
  ...{ clusterName: 'trivet', clusterId: null, highAvailability: false, survives: 0 },
  ...{ reason: '1 of 3 nodes found.', leader: null, revision: 0, nodes: [], warnings: [] },
  self: { id: 'a1', name: 'trivet-a1', state: 'blank' },
};
const member: ClusterStatus = {
  ...blank,
  ...{ clusterId: 'c1', highAvailability: true, survives: 1, reason: null, leader: 'a1' },
  nodes: [
    {
      ...{ id: 'a1', name: 'trivet-a1', address: '169.254.1.1:7443', role: 'voter', online: true },
      ...{ appliedIndex: 1, lag: 0, version: '0.1.0', failureDomain: null, weight: 0 },
    },
  ],
  self: { id: 'a1', name: 'trivet-a1', state: 'member' },
};
const off: MachineView = { name: 'n3', isRunning: false, status: null };

t.test('renderView says what each machine is doing, and what the cluster is', async (t) => {
  t.strictSame(
    renderView([
      { name: 'n1', isRunning: true, status: null },
      { name: 'n2', isRunning: true, status: blank },
      off,
    ]),
    ['n1  booting', 'n2  trivet-a1  waiting: 1 of 3 nodes found.', 'n3  off', 'cluster: none yet'],
  );
  t.strictSame(renderView([{ name: 'n1', isRunning: true, status: member }]), [
    'n1  trivet-a1  voter, leader  169.254.1.1:7443',
    'high-availability: yes  (survives the loss of 1)',
  ]);
});

t.test('LiveView writes a line for every change when it is no terminal', async (t) => {
  let text = '';
  const view = new LiveView({ write: (more) => (text += more) });
  view.show([off]);
  view.show([off]);
  view.show([{ name: 'n3', isRunning: true, status: null }]);
  const lines = text.trimEnd().split('\n');
  t.equal(lines.length, 3, 'two at first, one for the change, none for what stayed');
  t.match(lines[2], /s {2}n3 {2}booting$/);
  t.notMatch(text, '\x1b', 'no control characters');
});

t.test('LiveView draws in place on a terminal and never wraps', async (t) => {
  let text = '';
  const view = new LiveView({ isTTY: true, columns: 20, write: (more) => (text += more) });
  view.show([off]);
  text = '';
  view.show([{ name: 'n3', isRunning: true, status: blank }]);
  t.ok(text.startsWith('\x1b[2A'), 'goes up by what it has drawn');
  for (const line of text.slice('\x1b[2A'.length).split('\n')) t.ok(line.replace('\x1b[K', '').length < 20);
});
