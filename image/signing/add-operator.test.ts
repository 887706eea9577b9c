import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { checkPartialConfig } from '../../runtime/config/partial.ts';
import { readOperatorKey } from '../../runtime/operator/operator-key.ts';
import { planImage } from '../plan/plan.ts';
import { parseRecipe } from '../recipe/parse.ts';
import { formatResolvedRecipe, resolveRecipe } from '../recipe/resolve.ts';
import { addOperator } from './add-operator.ts';

const recipe = (more: string) =>
  parseRecipe(
    `name: edge\narchitecture: x86_64\ntarget: cloud\ncluster: { name: lab, secret: 0123456789abcdef }\n${more}`,
    'r.yaml',
  );

t.test('addOperator makes a key once, and the resolved recipe gives the same plan without it', async (t) => {
  const keys = path.join(t.testdir({}), 'keys');
  const said: string[] = [];
  const first = addOperator(recipe(''), keys, (text) => said.push(text));
  t.match(said, [/^made an operator key, .*operator\.key \(SHA256:[0-9a-f]{64}\): who has it may ask/]);
  const { publicKey } = readOperatorKey(keys);
  const { configuration } = planImage(first, '1.0');
  t.same(parse(configuration).operators, [{ name: 'operator', key: publicKey }]);
  t.doesNotThrow(() => checkPartialConfig(configuration, 'c.yaml'), 'a device takes it');
  t.same(
    planImage(
      addOperator(recipe(''), keys, (text) => said.push(text)),
      '1.0',
    ),
    planImage(first, '1.0'),
  );
  t.equal(said.length, 1);
  // As trivet verify --rebuild does it, where there is no key at all.
  const written = formatResolvedRecipe(first, planImage(first, '1.0'));
  t.notMatch(written, 'PRIVATE');
  const again = addOperator(
    await resolveRecipe(parseRecipe(written, 'e.yaml'), '/nonexistent/e.yaml'),
    '/proc/nobody-may-write-here',
    () => t.fail('no key is made'),
  );
  t.equal(planImage(again, '9').configuration, configuration);
});

t.test(
  'addOperator leaves a recipe alone that says who its operators are, or that there are none',
  async (t) => {
    const fail = (): void => void t.fail('no key is made');
    const none = addOperator(recipe('operators: []\n'), '/proc/nobody-may-write-here', fail);
    t.match(planImage(none, '1').configuration, 'operators: []');
  },
);

t.test('addOperator says what to do when there can be no key', async (t) => {
  const directory = t.testdir({ file: '' });
  t.throws(() => addOperator(recipe(''), path.join(directory, 'file'), () => {}), {
    code: 'keys',
    message: /cannot be written to .*operators: \[\]/,
  });
  mkdirSync(path.join(directory, 'bad'));
  writeFileSync(path.join(directory, 'bad/operator.key'), 'x');
  t.throws(() => addOperator(recipe(''), path.join(directory, 'bad'), () => {}), { code: 'keys' });
});
