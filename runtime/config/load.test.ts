import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { type Collected, encodeCollected } from './collect/collected.ts';
import { configWarnings, explainConfig } from './explain.ts';
import { type LoadedConfig, loadConfig } from './load.ts';

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
  return loadConfig({ ...onlyImage(at('config.yaml')), bootPartition: at('trivet.yaml') });
}

const onlyImage = (image: string) => ({ image, bootPartition: null, collected: null, credentials: null });

const warnings = (loaded: LoadedConfig): readonly string[] => configWarnings(explainConfig(loaded));

/** Of the only source over the image. */
const problemOf = ({ layers }: LoadedConfig): string | null => layers[1]!.problem;

t.test('loadConfig merges maps and replaces lists', async (t) => {
  const over =
    'cluster:\r\n  secret: fedcba9876543210\r\n  weight: 7\r\ndiscovery:\r\n  addresses: [192.0.2.9]\r\n';
  const loaded = load(t, own, over);
  const { state, config } = loaded;
  t.equal(problemOf(loaded), null);
  t.equal(state, 'complete');
  t.match(config.cluster, { name: 'edge', secret: 'fedcba9876543210', expect: 3, weight: 7 });
  t.same(config.discovery.addresses, ['192.0.2.9']);
  t.equal(config.roles.voters, 3);
});

t.test('loadConfig takes the image’s configuration where there is no other', async (t) => {
  const ornament = '#'.repeat(60);
  for (const over of [null, '', '# cluster:\n#   name: NAME\n\n', `${ornament}\n# nothing\n${ornament}`]) {
    const loaded = load(t, own, over);
    t.same([loaded.state, loaded.config.cluster?.name, problemOf(loaded)], ['complete', 'edge', null]);
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
    const loaded = load(t, own, over);
    const { state, config } = loaded;
    t.match(problemOf(loaded), message);
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
  const load = () => loadConfig({ ...onlyImage(at('config.yaml')), bootPartition: at('efi/trivet.yaml') });
  t.match(load(), {
    state: 'complete',
    config: { cluster: { name: 'kept' } },
    layers: [{}, { serves: 'kept', problem: /efi cannot be read/ }],
    toKeep: [],
  });
  writeFileSync(at('efi/trivet.yaml'), 'clutser: {}\n');
  t.match(load(), { state: 'complete', config: { cluster: { name: 'kept' } } });
  t.match(problemOf(load()), /line 1: clutser/);
  t.match(warnings(load()), [/^The configuration on the boot partition is not taken, and the last one/]);
  writeFileSync(at('data/trivet.yaml'), 'of: another version\n');
  t.match(load(), { state: 'waiting', layers: [{}, { serves: 'nothing', problem: /line 1: clutser/ }] });
  t.match(warnings(load()), [/^The configuration on the boot partition is not taken: /]);
  rmSync(at('efi/trivet.yaml'));
  writeFileSync(at('efi/other'), '');
  writeFileSync(at('data/trivet.yaml'), 'cluster: { name: kept, secret: 0123456789abcdef }\n');
  t.match(
    load(),
    { state: 'waiting', layers: [{}, { serves: 'nothing', problem: null }] },
    'it was taken away',
  );
  t.same(load().toKeep, [{ file: at('data/trivet.yaml'), text: null }], 'and is forgotten');
});

t.test('loadConfig waits for a cluster that nobody has named yet', async (t) => {
  t.equal(load(t, 'roles: { voters: 3 }\n', null).state, 'waiting');
  const named = load(t, 'roles: { voters: 5 }\n', 'cluster: { name: edge, secret: 0123456789abcdef }\n');
  t.same([named.state, named.config.roles.voters], ['complete', 5]);
  const half = load(t, 'roles: { voters: 3 }\n', 'cluster:\n  name: edge\n');
  t.equal(half.state, 'waiting');
  t.match(problemOf(half), /trivet\.yaml, line 1: cluster\.secret: is missing/);
});

t.test('loadConfig refuses a fault in the image’s own file', async (t) => {
  t.throws(
    () => load(t, 'clutser: {}\n', null),
    /config\.yaml, line 1: clutser: there is no such field; did you mean "cluster"\?/,
  );
  t.throws(
    () => loadConfig(onlyImage('/nowhere/config.yaml')),
    /\/nowhere\/config\.yaml: the configuration cannot be read: it does not exist/,
  );
});

/** A machine with every source, each in a directory of its own. */
function makeMachine(t: Test) {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-config-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  const at = (name: string): string => path.join(directory, name);
  for (const name of ['data', 'efi', 'credentials']) mkdirSync(at(name));
  writeFileSync(
    at('config.yaml'),
    `dataDirectory: ${at('data')}\nroles: { voters: 3 }\nnode: { name: one }\n`,
  );
  writeFileSync(
    at('efi/trivet.yaml'),
    'node: { name: two }\ncluster: { name: a, secret: 0123456789abcdef }\n',
  );
  const places = {
    image: at('config.yaml'),
    bootPartition: at('efi/trivet.yaml'),
    collected: at('platform.json'),
    credentials: at('credentials'),
  };
  const load = (): LoadedConfig => {
    const loaded = loadConfig(places);
    // As the agent does.
    for (const { file, text } of loaded.toKeep)
      text === null ? rmSync(file, { force: true }) : writeFileSync(file, text);
    return loaded;
  };
  const platformSays = (sight: Collected['sight'], tags: Collected['tags'] = null): void =>
    writeFileSync(places.collected, encodeCollected({ place: 'user data of EC2', sight, tags }));
  return { at, load, platformSays };
}

t.test('loadConfig puts the platform over the boot partition, and the credential over all', async (t) => {
  const { at, load, platformSays } = makeMachine(t);
  t.equal(load().config.node.name, 'two');
  platformSays({ kind: 'text', text: '#trivet\nnode: { name: three }\ncluster: { weight: 3 }\n' });
  t.match(load().config, { node: { name: 'three' }, cluster: { name: 'a', weight: 3 } });
  writeFileSync(at('credentials/trivet.config'), 'node: { name: four }\n');
  t.match(load().config, { node: { name: 'four' }, cluster: { name: 'a', weight: 3 } });
});

t.test(
  'loadConfig stays with what a platform said that cannot be asked, and forgets what it takes back',
  async (t) => {
    const { at, load, platformSays } = makeMachine(t);
    const isThree = () => load().config.node.name === 'three';
    platformSays({ kind: 'text', text: 'node: { name: three }' });
    t.ok(isThree());
    platformSays({ kind: 'unreadable', problem: 'EC2 metadata: no answer' });
    t.ok(isThree());
    t.match(warnings(load()), [
      /of the platform is not taken, and the last one in order serves: EC2 metadata/,
    ]);
    platformSays({ kind: 'away', note: 'no disk' });
    t.ok(isThree());
    t.same(warnings(load()), [], 'a disk that was taken off is no fault');
    platformSays({ kind: 'text', text: 'node: { nam: four }' });
    t.ok(isThree());
    t.match(warnings(load()), [/user data of EC2, line 1: node\.nam: there is no such field/]);
    writeFileSync(at('platform.json'), '{"place":');
    t.ok(isThree());
    t.match(warnings(load()), [/platform\.json is damaged/]);
    rmSync(at('platform.json'));
    t.ok(isThree());
    platformSays({ kind: 'nothing', note: 'has none' });
    t.equal(load().config.node.name, 'two');
    platformSays({ kind: 'away', note: 'no disk' });
    t.equal(load().config.node.name, 'two');
  },
);

t.test('loadConfig drops what was kept and no longer fits over the sources below', async (t) => {
  const { at, load, platformSays } = makeMachine(t);
  platformSays({ kind: 'text', text: 'cluster: { weight: 3 }' });
  t.equal(load().config.cluster?.weight, 3);
  rmSync(at('efi/trivet.yaml'));
  writeFileSync(at('efi/other'), '');
  platformSays({ kind: 'away', note: 'no disk' });
  const loaded = load();
  t.equal(loaded.state, 'waiting');
  t.match(warnings(loaded), [/user data of EC2, as last read, line 1: cluster\.name: is missing/]);
});

t.test('loadConfig reports a credential that cannot be read', async (t) => {
  const { at, load } = makeMachine(t);
  mkdirSync(at('credentials/trivet.config'));
  t.equal(load().state, 'complete');
  t.match(warnings(load()), [/in the credential is not taken: .*trivet\.config cannot be read/]);
});

t.test('loadConfig puts what "trivet join" was told over every other source', async (t) => {
  const directory = t.testdir({});
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('config.yaml'), `dataDirectory: ${directory}\ndiscovery: { addresses: [192.0.2.1] }\n`);
  writeFileSync(at('trivet.yaml'), 'discovery: { addresses: [192.0.2.2] }\n');
  const read = () => loadConfig({ ...onlyImage(at('config.yaml')), bootPartition: at('trivet.yaml') });
  t.same([read().state, read().layers.length], ['waiting', 2]);
  const token = `t1-${'0'.repeat(8)}-${'0'.repeat(32)}-${'0'.repeat(32)}`;
  const joined = `cluster: { name: edge, token: ${token} }\ndiscovery: { addresses: [192.0.2.3] }\n`;
  writeFileSync(at('join.yaml'), joined);
  const loaded = read();
  t.match(loaded.config, { cluster: { name: 'edge', token }, discovery: { addresses: ['192.0.2.3'] } });
  t.match(loaded.layers[2], { name: 'join', place: at('join.yaml'), serves: 'now' });
  t.ok(loaded.keptFiles.includes(at('join.yaml')), 'a member takes the token out of it');
  t.notOk(loaded.toKeep.some(({ file }) => file === at('join.yaml')));
  writeFileSync(at('join.yaml'), 'cluster: [\n');
  t.same([read().state, warnings(read()).length], ['waiting', 1]);
});

const nothing = { kind: 'nothing', note: 'is empty' } as const;
const tags = {
  place: 'tags of EC2',
  peers: ['192.0.2.7', 'a.example'],
  cluster: null,
  zone: 'b',
  problems: [],
};

t.test(
  'loadConfig takes what a cloud’s tags say as hints, below every other source but the image',
  async (t) => {
    const { at, load, platformSays } = makeMachine(t);
    platformSays(nothing, tags);
    t.match(load().config, {
      discovery: { addresses: tags.peers },
      cluster: { name: 'a', failureDomain: 'b' },
    });
    const report = explainConfig(load());
    t.match(
      report.values.find(({ path }) => path.join('.') === 'cluster.failureDomain'),
      {
        ...{ value: 'b', origin: { source: 'tags', place: 'tags of EC2', line: 0 } },
      },
    );
    t.same(report.sources.map(({ name }) => name).slice(0, 2), ['image', 'tags']);
    writeFileSync(at('credentials/trivet.config'), 'cluster: { failureDomain: rack-7 }\n');
    t.match(load().config, { discovery: { addresses: tags.peers }, cluster: { failureDomain: 'rack-7' } });
    writeFileSync(at('credentials/trivet.config'), 'discovery: { addresses: [] }\n');
    t.match(load().config, { discovery: { addresses: [] }, cluster: { failureDomain: 'b' } });
  },
);

t.test(
  'loadConfig keeps the hints of a cloud that cannot be asked, and forgets what it takes back',
  async (t) => {
    const { load, platformSays } = makeMachine(t);
    const domain = () => load().config.cluster?.failureDomain;
    platformSays(nothing, tags);
    t.equal(domain(), 'b');
    platformSays({ kind: 'unreadable', problem: 'EC2 metadata: no answer' });
    t.equal(domain(), 'b');
    t.match(load().layers[1], { name: 'tags', serves: 'kept', problem: null });
    platformSays(nothing, { ...tags, zone: null });
    t.equal(domain(), undefined);
  },
);

t.test('loadConfig asks no peers of another cluster, and says so', async (t) => {
  const { load, platformSays } = makeMachine(t);
  platformSays(nothing, { ...tags, cluster: 'other', problems: ['"x" in trivet-peers is no address'] });
  t.match(load().config, { discovery: { addresses: [] }, cluster: { name: 'a', failureDomain: 'b' } });
  t.match(warnings(load()), [
    /^What the tags of this machine say is not taken as a whole: "x" in .*; the tag trivet-cluster names the cluster "other"/,
  ]);
  platformSays(nothing, { ...tags, cluster: 'a' });
  t.same(load().config.discovery.addresses, tags.peers);
  t.same(warnings(load()), []);
});

t.test('loadConfig waits all the same where tags name a cluster', async (t) => {
  const directory = t.testdir({});
  const at = (name: string): string => path.join(directory, name);
  writeFileSync(at('config.yaml'), `dataDirectory: ${directory}\n`);
  const collected = at('platform.json');
  writeFileSync(
    collected,
    encodeCollected({ place: 'EC2', sight: nothing, tags: { ...tags, cluster: 'edge' } }),
  );
  const loaded = loadConfig({ ...onlyImage(at('config.yaml')), collected });
  t.match(loaded, { state: 'waiting', config: { discovery: { addresses: tags.peers } } });
  t.equal(loaded.config.cluster, undefined);
});
