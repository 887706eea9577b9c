import t from 'tap';
import { checkPartialConfig } from './partial.ts';

t.test('checkPartialConfig takes any part of a configuration', async (t) => {
  for (const text of [
    'node: { name: edge-1 }',
    'cluster: { failureDomain: rack-2 }\ndiscovery: { addresses: [192.0.2.11] }',
    'datastore:\n  spaceLimitBytes: 1073741824\n',
  ])
    t.doesNotThrow(() => checkPartialConfig(text, 'trivet.yaml'), text);
});

t.test('checkPartialConfig names what is wrong, with its line', async (t) => {
  for (const [text, message] of [
    ['node:\n  nam: edge', 'trivet.yaml, line 2: node.nam: there is no such field; did you mean "name"?'],
    ['cluster: { secret: short }', /^trivet\.yaml, line 1: cluster\.secret: must be at least 16 characters/],
    ['\nclutser: {}', /line 2: clutser: there is no such field; did you mean "cluster"\?/],
    ['datastore: { etcd: {} }', /datastore\.etcd\.endpoints: is missing/],
    ['', /line 1: a configuration is a map/],
    ['a: [', /this is not YAML/],
  ] as const)
    t.throws(() => checkPartialConfig(text, 'trivet.yaml'), { message });
});
