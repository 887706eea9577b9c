import fc from 'fast-check';
import t from 'tap';
import {
  encodeSettings,
  explainUnknown,
  judgeSettings,
  longestSettingsCharacters,
  overlaySettings,
  parseSettings,
  settableFields,
} from './cluster-settings.ts';
import { configWarnings, explainConfig } from './explain.ts';
import { readImageConfig, withSettings } from './layers.ts';
import { configSchema } from './schema.ts';

const written = 'cluster: { name: edge, secret: 0123456789abcdef }\nroles: { standbys: 0 }\n';
const image = () => readImageConfig(written, '/image.yaml');
const base = configSchema.parse({ cluster: { name: 'edge', secret: '0123456789abcdef' } });

t.test('settableFields are fields of a configuration', async (t) => {
  const valueAt = (key: string): unknown =>
    key
      .split('.')
      .reduce((value: unknown, step) => (value as Record<string, unknown> | undefined)?.[step], base);
  const optional = ['cluster.enrolment.nodes', 'cluster.enrolment.hours', 'cluster.enrolment.serials'];
  for (const key of Object.keys(settableFields))
    t.equal(valueAt(key) === undefined, optional.includes(key), key);
});

t.test('judgeSettings takes each by itself', async (t) => {
  const settings = {
    'roles.voters': 5,
    'roles.standbys': 99,
    'cluster.enrolment.nodes': 7,
    'cluster.name': 'other',
    'of.a.newer\u001bversion': [1],
    __proto__x: 1,
  };
  const { accepted, tree, problems } = judgeSettings(settings);
  t.same(accepted, { 'roles.voters': 5, 'cluster.enrolment.nodes': 7 });
  t.same(tree, { roles: { voters: 5 }, cluster: { enrolment: { nodes: 7 } } });
  t.match(problems, [
    /^roles\.standbys is not taken by this version: /,
    /^cluster\.name is a setting that this version does not know: it is kept$/,
    /^of\.a\.newer\?version is a setting/,
    /^__proto__x/,
  ]);
});

t.test('overlaySettings changes what is set and nothing else', async (t) => {
  const over = overlaySettings(base, { 'roles.voters': 5, 'cluster.enrolment.hours': 2, 'node.name': 'x' });
  t.same(over, {
    ...base,
    roles: { voters: 5, standbys: 2 },
    cluster: { ...base.cluster, enrolment: { hours: 2 } },
  });
  t.same(base.roles, { voters: 3, standbys: 2 }, 'a copy is changed');
});

t.test('withSettings puts the settings over every source, and takes them away again', async (t) => {
  const stacked = withSettings(image(), { 'roles.standbys': 1, 'roles.voters': 4 });
  t.same(
    [stacked.config.roles, stacked.base.roles],
    [
      { voters: 3, standbys: 1 },
      { voters: 3, standbys: 0 },
    ],
  );
  const report = explainConfig(stacked);
  t.match(
    report.values.find(({ path }) => path.join('.') === 'roles.standbys'),
    {
      ...{ value: 1, origin: { source: 'cluster', line: 0 } },
      overridden: [{ source: 'image', value: 0, line: 2 }],
    },
  );
  t.match(configWarnings(report), [
    /^What the cluster has set is not taken as a whole: roles\.voters is not taken by this version: must be odd/,
  ]);
  const without = withSettings(stacked, null);
  t.same([without.config, without.layers.length], [image().config, 1]);
  const waiting = withSettings(readImageConfig('{ roles: {} }', '/image.yaml'), { 'roles.voters': 5 });
  t.same([waiting.state, waiting.config.roles.voters], ['waiting', 3], 'of no cluster');
});

t.test('explainUnknown says what there is', async (t) => {
  t.equal(explainUnknown('roles.voters'), null);
  t.match(explainUnknown('roles.voter'), /no setting "roles\.voter": did you mean "roles\.voters"\?/);
  t.match(explainUnknown('node.name'), /there are roles\.voters, .*each machine's own \(trivet\.yaml/);
  t.type(explainUnknown('__proto__'), 'string');
  t.type(explainUnknown('constructor'), 'string');
});

t.test('parseSettings reads anything of anybody, and encodeSettings what it has read', async (t) => {
  t.equal(parseSettings(`{"a":"${'x'.repeat(longestSettingsCharacters)}"}`), null);
  t.same(parseSettings('{"b":1,"a":2}'), { a: 2, b: 1 });
  t.equal(encodeSettings({ b: 1, a: 2 }), '{"a":2,"b":1}');
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom('__proto__', 'constructor', ...Object.keys(settableFields)),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.dictionary(key, fc.jsonValue()).map((x) => JSON.stringify(x)),
      ),
      (text) => {
        const settings = parseSettings(text);
        if (settings === null) return true;
        const config = overlaySettings(base, settings);
        return configSchema.safeParse(config).success && parseSettings(encodeSettings(settings)) !== null;
      },
    ),
  );
});
