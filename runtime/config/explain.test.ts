import fc from 'fast-check';
import t from 'tap';
import * as z from 'zod';
import { type ConfigReport, explainConfig } from './explain.ts';
import { type ObservedSource, readImageConfig, type Sight, stackSources } from './layers.ts';
import { configSchema, secretFields } from './schema.ts';

const imageText = 'node: { name: one }\ndiscovery:\n  addresses: [192.0.2.1, 192.0.2.2]\n';

function source(name: ObservedSource['name'], sight: Sight, kept: string | null = null): ObservedSource {
  return { name, title: `The ${name}`, place: `/${name}.yaml`, sight, kept };
}

const text = (written: string): Sight => ({ kind: 'text', text: written });

function explain(...over: ObservedSource[]): ConfigReport {
  return explainConfig(stackSources(readImageConfig(imageText, '/image.yaml'), over));
}

function find(report: ConfigReport, path: string) {
  return report.values.find((value) => value.path.join('.') === path);
}

t.test('explainConfig names file and line of every value, and what it replaced', async (t) => {
  const report = explain(
    source(
      'bootPartition',
      text('\nnode:\n  name: two\ncluster: { name: edge, secret: 0123456789abcdef }\n'),
    ),
    source('platform', text('discovery:\n  addresses: [192.0.2.9]\nnode:\n  name: three\n')),
  );
  t.equal(report.state, 'complete');
  t.match(find(report, 'node.name'), {
    value: 'three',
    origin: { source: 'platform', place: '/platform.yaml', line: 4 },
    overridden: [
      { source: 'bootPartition', value: 'two', line: 3 },
      { source: 'image', value: 'one', line: 1 },
    ],
  });
  t.match(find(report, 'discovery.addresses'), {
    ...{ value: ['192.0.2.9'], origin: { line: 2 } },
    overridden: [{ source: 'image', value: ['192.0.2.1', '192.0.2.2'], line: 3 }],
  });
  t.match(find(report, 'cluster.expect'), { value: 3, origin: null, overridden: [] });
});

t.test('explainConfig tells sources that were not taken, and counts nothing of them', async (t) => {
  const report = explain(
    source('bootPartition', text('node: { nam: two }'), 'node: { name: kept }'),
    source('platform', { kind: 'away', note: 'no disk' }),
    source('credential', text('roles: { voters: 2 }')),
  );
  t.match(find(report, 'node.name'), {
    value: 'kept',
    origin: { place: '/bootPartition.yaml, as last read', line: 1 },
  });
  t.match(find(report, 'roles.voters'), { value: 3, origin: null });
  t.match(report.sources, [
    { name: 'image', serves: 'now', problem: null },
    { name: 'bootPartition', serves: 'kept', problem: /line 1: node\.nam/ },
    { name: 'platform', serves: 'nothing', problem: null, note: 'no disk' },
    { name: 'credential', serves: 'nothing', problem: /roles\.voters: must be odd/ },
  ]);
});

t.test('explainConfig shows no secret, of no source', async (t) => {
  const report = explain(
    source('bootPartition', text('cluster: { name: edge, secret: first-secret-of-all }')),
    source('platform', text('cluster: { secret: another-secret-of-32-characters! }')),
  );
  t.match(find(report, 'cluster.secret'), {
    value: '(secret, 32 characters)',
    overridden: [{ value: '(secret, 19 characters)' }],
  });
  t.notMatch(JSON.stringify(report), /first-secret|another-secret/);
});

t.test('secretFields holds every field whose name says so', async (t) => {
  const schema = JSON.stringify(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }));
  const named = [...schema.matchAll(/"(\w*(?:secret|password|token|voucher(?!s))\w*)":\{/gi)].map(
    ([, name]) => name,
  );
  t.same(
    [...new Set(named)],
    secretFields.map((field) => field.split('.').at(-1)),
  );
});

/** Parts of configurations, some of them broken. */
const part = fc.record(
  {
    node: fc.record({ name: fc.constantFrom('a', 'b', 'NOT A NAME') }, { requiredKeys: [] }),
    cluster: fc.record(
      {
        name: fc.constantFrom('edge', 'shop'),
        secret: fc.constantFrom('0123456789abcdef', 'fedcba9876543210', 'short'),
        weight: fc.integer({ min: -2_000, max: 1_000 }),
      },
      { requiredKeys: [] },
    ),
    discovery: fc.record({
      addresses: fc.array(fc.constantFrom('192.0.2.1', '192.0.2.2'), { maxLength: 2 }),
    }),
  },
  { requiredKeys: [] },
);

t.test('stackSources: a value is that of the highest source in force that has it', async () => {
  const names = ['bootPartition', 'platform', 'credential'] as const;
  const maybeKept = fc.option(part.map((said) => JSON.stringify(said)));
  const sight = fc.oneof(
    { weight: 4, arbitrary: part.map((said) => text(JSON.stringify(said))) },
    fc.constant<Sight>({ kind: 'nothing', note: 'is not there' }),
    fc.constant<Sight>({ kind: 'away', note: 'no disk' }),
    fc.constant<Sight>({ kind: 'unreadable', problem: 'no answer' }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(sight, maybeKept), { minLength: 3, maxLength: 3 }), (sights) => {
      const sources = sights.map(([seen, kept], index) => source(names[index]!, seen, kept));
      const stacked = stackSources(readImageConfig(imageText, '/image.yaml'), sources);
      const nameOf = (own: Readonly<Record<string, unknown>>) =>
        (own.node as { name?: string } | undefined)?.name;
      const expected = stacked.layers.map(({ own }) => nameOf(own)).findLast((name) => name !== undefined);
      const problemsMatch = stacked.layers.every(({ name, serves, problem }, index) => {
        const kind = index === 0 ? 'text' : sights[index - 1]![0].kind;
        if (kind === 'nothing') return serves === 'nothing' && problem === null;
        if (kind === 'unreadable') return serves !== 'now' && problem !== null;
        return name === 'image' || serves !== 'now' || problem === null;
      });
      return stacked.config.node.name === expected && problemsMatch;
    }),
    { numRuns: 300 },
  );
});
