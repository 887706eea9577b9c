import fc from 'fast-check';
import t from 'tap';
import { parseCheckedYaml } from './checked-yaml.ts';
import { configSchema } from './schema.ts';
import { YamlFaultsError } from './yaml-faults.ts';

const parse = (text: string) => parseCheckedYaml(text, 'a.yaml', configSchema.partial(), 'must be a map');

t.test('parseCheckedYaml refuses in words what would take a parser down', async (t) => {
  const deep = 100_000;
  for (const text of [
    'a: '.repeat(1) + '['.repeat(deep),
    `a: ${'['.repeat(deep)}${']'.repeat(deep)}`,
    '- '.repeat(20_000),
    'node: *nobody',
    'node: &self { name: *self }',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (name) => {
      const below = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${`*${below},`.repeat(9)}]\n`;
    })}`,
  ])
    t.throws(
      () => parse(text),
      { name: 'YamlFaultsError', message: /^a\.yaml, line \d+: / },
      text.slice(0, 30),
    );
});

t.test(
  'parseCheckedYaml is done soon with the worst texts of the size that is read, and tells few faults',
  async (t) => {
    const fill = (line: (index: number) => string): string => {
      let text = '';
      for (let index = 0; text.length < 64 * 1024; index += 1) text += line(index);
      return text;
    };
    const cases: readonly (readonly [string, RegExp])[] = [
      [fill((index) => `k${index}:\n`), /and \d{4,} more faults$/],
      [
        fill(() => 'node:\n'),
        /line 2: this is not YAML: Map keys must be unique[\s\S]*and \d{4,} more faults$/,
      ],
      [fill(() => '}'), /this is not YAML/],
      [fill(() => 'a: b: c\n'), /this is not YAML/],
      [`a: [${fill(() => 'x,')}]`, /a: there is no such field/],
    ];
    for (const [text, message] of cases) {
      const before = process.cpuUsage();
      let said = '';
      try {
        parse(text);
      } catch (error) {
        said = (error as Error).message;
      }
      t.match(said, message);
      t.ok(said.split('\n').length <= 21);
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      // Comparing each key with every other took two minutes for four times as many.
      t.ok(seconds < 5, `${text.slice(0, 10)}: ${seconds} s`);
    }
  },
);

t.test('parseCheckedYaml knows the line of every field that it has read', async (t) => {
  const { lineOf } = parse(
    '# x\nnode:\n  name: a\ndiscovery: { mdns: false,\n  addresses: [\n   192.0.2.1] }\n',
  );
  t.equal(lineOf(['node', 'name']), 3);
  t.equal(lineOf(['discovery', 'addresses']), 5);
  t.equal(lineOf(['discovery', 'addresses', 0]), 6);
});

t.test('parseCheckedYaml reads any text, or says what is wrong with it', async () => {
  const words = [
    'node:',
    'name',
    'cluster',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '"',
    "'",
    '|\n',
    '<<: ',
    '__proto__: ',
    '? ',
    '!!set ',
    '!!map ',
    '\t',
    '~',
    '1e999',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
  ];
  const yamlLike = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((some) => some.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), yamlLike), (text) => {
      try {
        parse(text);
      } catch (error) {
        if (!(error instanceof YamlFaultsError)) throw error;
      }
      return Object.getPrototypeOf({}) === Object.prototype && !('name' in {});
    }),
    { numRuns: 3_000 },
  );
});
