import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { loadConfig } from './load.ts';

const own = `cluster: { name: edge, secret: 0123456789abcdef, expect: 3 }
discovery: { addresses: [192.0.2.1, 192.0.2.2] }
roles: { voters: 3 }
`;

function load(t: Test, text: string, over: string | null) {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-config-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('config.yaml'), text);
  if (over !== null) writeFileSync(at('trivet.yaml'), over);
  return loadConfig(at('config.yaml'), at('trivet.yaml'));
}

t.test('loadConfig merges maps and replaces lists', async (t) => {
  const over =
    'cluster:\r\n  secret: fedcba9876543210\r\n  weight: 7\r\ndiscovery:\r\n  addresses: [192.0.2.9]\r\n';
  const { state, config, problem } = load(t, own, over);
  t.equal(problem, null);
  t.equal(state, 'complete');
  t.match(config.cluster, { name: 'edge', secret: 'fedcba9876543210', expect: 3, weight: 7 });
  t.same(config.discovery.addresses, ['192.0.2.9']);
  t.equal(config.roles.voters, 3);
});

t.test('loadConfig takes the image’s configuration where there is no other', async (t) => {
  for (const over of [null, '', '# cluster:\n#   name: NAME\n\n']) {
    const { state, config, problem } = load(t, own, over);
    t.same([state, config.cluster?.name, problem], ['complete', 'edge', null]);
  }
});

t.test('loadConfig reports what is wrong with the file that goes over, and goes on without it', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'cluster:\n  nmae: other\n',
      /trivet\.yaml, line 2: cluster\.nmae: there is no such field; did you mean "name"\?/,
    ],
    ['node: {}\nroles:\n  voters: 4\n', /trivet\.yaml, line 3: roles\.voters: must be odd/],
    ['cluster: edge\n', /trivet\.yaml, line 1: cluster: must be a map of fields, not the text "edge"/],
    ['cluster: {name: a\n', /trivet\.yaml, line \d: this is not YAML/],
    ['- a list\n', /trivet\.yaml, line 1: a configuration is a map/],
  ];
  for (const [over, message] of cases) {
    const { state, config, problem } = load(t, own, over);
    t.match(problem, message);
    t.same([state, config.cluster?.name, config.roles.voters], ['complete', 'edge', 3]);
  }
});

t.test('loadConfig falls back to what was kept, also when the boot partition is away', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-config-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => path.join(directory, name);
  mkdirSync(at('data'));
  mkdirSync(at('efi'));
  writeFileSync(at('config.yaml'), `dataDirectory: ${at('data')}\n`);
  writeFileSync(at('data/trivet.yaml'), 'cluster: { name: kept, secret: 0123456789abcdef }\n');
  const load = () => loadConfig(at('config.yaml'), at('efi/trivet.yaml'));
  t.match(load(), {
    state: 'complete',
    config: { cluster: { name: 'kept' } },
    problem: /efi cannot be read/,
  });
  writeFileSync(at('efi/trivet.yaml'), 'clutser: {}\n');
  t.match(load(), { state: 'complete', config: { cluster: { name: 'kept' } }, problem: /line 1: clutser/ });
  writeFileSync(at('data/trivet.yaml'), 'of: another version\n');
  t.match(load(), { state: 'waiting', problem: /line 1: clutser/ });
  rmSync(at('efi/trivet.yaml'));
  writeFileSync(at('efi/other'), '');
  writeFileSync(at('data/trivet.yaml'), 'cluster: { name: kept, secret: 0123456789abcdef }\n');
  t.match(load(), { state: 'waiting', problem: null }, 'one that was taken away is not asked for');
});

t.test('loadConfig waits for a cluster that nobody has named yet', async (t) => {
  t.equal(load(t, 'roles: { voters: 3 }\n', null).state, 'waiting');
  const named = load(t, 'roles: { voters: 5 }\n', 'cluster: { name: edge, secret: 0123456789abcdef }\n');
  t.same([named.state, named.config.roles.voters], ['complete', 5]);
  const half = load(t, 'roles: { voters: 3 }\n', 'cluster:\n  name: edge\n');
  t.equal(half.state, 'waiting');
  t.match(half.problem, /trivet\.yaml, line 1: cluster\.secret: is missing/);
});

t.test('loadConfig refuses a fault in the image’s own file', async (t) => {
  t.throws(
    () => load(t, 'clutser: {}\n', null),
    /config\.yaml, line 1: clutser: there is no such field; did you mean "cluster"\?/,
  );
  t.throws(
    () => loadConfig('/nowhere/config.yaml'),
    /\/nowhere\/config\.yaml: the configuration cannot be read: it does not exist/,
  );
});
