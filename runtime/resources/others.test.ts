/** What holds for every kind, whatever a client sends. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import { builtInGroupVersions } from '../apiserver/resources/built-in.ts';
import type { Resource } from '../apiserver/resources/resource.ts';
import { arbitraryObject } from '../apiserver/schemas/testing/arbitrary-object.ts';
import { otherStrategies } from './others.ts';
import { normalize, registry } from './testing/say.ts';

const stored = builtInGroupVersions
  .flatMap(({ resources }) => resources)
  .filter(({ group, storage }) => storage !== null && group !== '');

t.test('otherStrategies knows every resource that is stored, and no other', async (t) => {
  const names = [...new Set(stored.map(({ group, resource }) => `${group}/${resource}`))].sort();
  t.same(Object.keys(otherStrategies).sort(), names);
});

for (const resource of stored) {
  const strategy = otherStrategies[`${resource.group}/${resource.resource}`];
  if (strategy === undefined) continue;
  t.test(`${resource.group}/${resource.version} ${resource.resource}`, async (t) => {
    const objects = arbitrary(resource);
    fc.assert(
      fc.property(objects, (object) => {
        const { fillIn = (same: ApiObject) => same } = strategy;
        const once = normalize(fillIn(normalize(object)));
        assert.deepEqual(normalize(fillIn(once)), once);
      }),
      { numRuns: 30 },
    );
    fc.assert(
      fc.property(objects, objects, (next, old) => askAll(strategy, next, old)),
      { numRuns: 30 },
    );
    t.pass('it answers all');
  });
}

function arbitrary({ group, version, kind }: Resource): fc.Arbitrary<ApiObject> {
  const type = registry.kind({ group, version, kind });
  if (type === null) throw new Error(`${kind} has no schema`);
  const apiVersion = `${group}/${version}`;
  return arbitraryObject(type, 6).map(
    (object) => ({ metadata: {}, ...object, kind, apiVersion }) as ApiObject,
  );
}

/** Nothing throws, and what is answered is of the right shape. */
function askAll(strategy: Strategy, next: ApiObject, before: ApiObject): void {
  const old = normalize(before);
  const sent = normalize(next);
  const filled = normalize(strategy.fillIn?.(sent) ?? sent);
  for (const object of [sent, filled]) {
    const made = normalize(strategy.prepareCreate?.(object) ?? object);
    const changed = normalize(strategy.prepareUpdate?.(object, old) ?? object);
    normalize(strategy.prepareStatusUpdate?.(object, old) ?? object);
    const errors = [
      ...(strategy.check?.(object) ?? []),
      ...(strategy.check?.(made) ?? []),
      ...(strategy.checkCreate?.(made) ?? []),
      ...(strategy.checkUpdate?.(changed, old) ?? []),
      ...(strategy.checkStatusUpdate?.(object, old) ?? []),
    ];
    for (const { field, message, reason } of errors) {
      if (![field, message, reason].every((text) => typeof text === 'string' && text !== '')) {
        throw new Error(`an error that says nothing: ${reason} ${field} ${message}`);
      }
      // The real server's own words.
      const words = message.replace(/must be (true or )?undefined/, '');
      if (/undefined|\[object|NaN/.test(words)) throw new Error(`${field}: ${message}`);
    }
    strategy.warn?.(object, null);
    strategy.warn?.(object, old);
  }
}
