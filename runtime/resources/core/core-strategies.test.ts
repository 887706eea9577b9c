import fc from 'fast-check';
import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { builtInGroupVersions } from '../../apiserver/resources/built-in.ts';
import type { Resource } from '../../apiserver/resources/resource.ts';
import { isSameJson, type JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import { arbitraryObject } from '../../apiserver/schemas/testing/arbitrary-object.ts';
import { strategyOf } from '../strategies.ts';
import { changed, filledIn, made, registry, sentences, written } from '../testing/written.ts';

t.setTimeout(240_000);

const stored = builtInGroupVersions
  .filter(({ group }) => group === '')
  .flatMap(({ resources }) => resources)
  .filter(({ storage }) => storage !== null);

/** Five levels: containers with probes and what they do, claims within volumes. */
const depth = 5;

function arbitrary({ group, version, kind }: Resource): fc.Arbitrary<ApiObject> {
  const type = registry.kind({ group, version, kind })!;
  return arbitraryObject(type, depth).map(
    ({ metadata, ...object }) =>
      ({
        ...object,
        kind,
        apiVersion: version,
        metadata: { ...(metadata as JsonObject), name: 'a' },
      }) as ApiObject,
  );
}

t.test('strategyOf has one for each resource that is stored', async (t) => {
  t.equal(stored.length, 15);
  for (const resource of stored) t.ok(strategyOf(resource), resource.resource);
  t.throws(() => strategyOf({ ...stored[0]!, resource: 'constructor' }));
});

for (const resource of stored) {
  const strategy = strategyOf(resource);
  t.test(`${resource.resource}: what is filled in stays so`, async () => {
    const property = fc.property(arbitrary(resource), (object) => {
      const once = filledIn(strategy, object);
      return isSameJson(filledIn(strategy, once) as JsonObject, once as JsonObject);
    });
    fc.assert(property, { numRuns: 60 });
  });

  t.test(`${resource.resource}: whatever a client sends is answered with sentences`, async () => {
    const pair = fc.tuple(arbitrary(resource), arbitrary(resource));
    const property = fc.property(pair, ([sent, other]) => {
      const [next, old] = [made(strategy, sent), made(strategy, other)];
      const updated = written(strategy.prepareUpdate?.(next, old) ?? next);
      const status = written(strategy.prepareStatusUpdate?.(next, old) ?? next);
      sentences([
        ...(strategy.check?.(updated) ?? []),
        ...(strategy.checkCreate?.(next) ?? []),
        ...(strategy.checkUpdate?.(updated, old) ?? []),
        ...(strategy.checkStatusUpdate?.(status, old) ?? []),
      ]);
      strategy.warn?.(next, null);
      strategy.warn?.(updated, old);
    });
    fc.assert(property, { numRuns: 60 });
  });

  t.test(`${resource.resource}: an update that changes nothing is not refused as one that does`, async () => {
    const property = fc.property(arbitrary(resource), (sent) => {
      const old = made(strategy, sent);
      const next = changed(strategy, old, old);
      const isSame = isSameJson({ ...next } as JsonObject, { ...old } as JsonObject);
      const errors = strategy.checkUpdate?.(next, old) ?? [];
      const changes = errors.filter(({ message }) =>
        /immutable|may not change|may not be updated|not change fields/.test(message),
      );
      return isSame && changes.length === 0;
    });
    fc.assert(property, { numRuns: 60 });
  });
}
