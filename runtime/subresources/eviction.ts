/** `pods/eviction`: a deletion that asks the budgets for disruptions first. (pkg/registry/core/pod/storage/eviction.go) */
import { noAdmission } from '../apiserver/handlers/admission.ts';
import { admitCreate } from '../apiserver/handlers/admit.ts';
import { deleteObject } from '../apiserver/handlers/delete.ts';
import { readDeleteOptionsOf } from '../apiserver/handlers/delete-options.ts';
import { placeOf, type ServedKind } from '../apiserver/handlers/served-kind.ts';
import {
  answerWith,
  created,
  kindOf,
  readObjectOf,
  type SpecialHandler,
  type SpecialRequest,
} from '../apiserver/handlers/special.ts';
import { type ApiObject, decodeFromStore } from '../apiserver/objects/object-bytes.ts';
import { isObject, type JsonValue } from '../apiserver/schemas/protobuf/json-value.ts';
import { ApiError, notFound } from '../apiserver/status.ts';
import { budgetsOf, evictPod, withEvictionCondition } from '../resources/policy/eviction.ts';

const evictionKind = { group: 'policy', version: 'v1', kind: 'Eviction' };
const budgets = { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' };
const pods = { group: '', version: 'v1', resource: 'pods' };
/** So often another eviction may be quicker. */
const mostTries = 10;

export const serveEviction: SpecialHandler = async (asked) => {
  const { info } = asked.request;
  const body = readObjectOf(asked, evictionKind);
  const admitted = await admitCreate(asked, body.object);
  const { object } = admitted;
  if ((object.metadata.name ?? info.name) !== info.name) {
    throw new ApiError('BadRequest', 'name in URL does not match name in Eviction object');
  }
  const sent = object.deleteOptions as JsonValue | undefined;
  const options = readDeleteOptionsOf(asked.request.query, isObject(sent) ? sent : {});
  await checkThere(asked);
  await admitted.validate();
  const seen = await takeFromBudget(asked, options.dryRun);
  const version = options.dryRun ? seen : await sayWhy(asked, seen);
  const { user } = asked.request;
  const resourceVersion = options.resourceVersion === '' ? (version ?? '') : options.resourceVersion;
  await deleteObject(
    kindOf(asked, pods),
    {
      // The eviction was admitted: nobody is asked about the deletion besides.
      ...{ ...options, user, admission: noAdmission, warn: () => {}, resourceVersion },
      ...{ namespace: info.namespace, name: info.name },
    },
    asked.service.surroundings,
  );
  return answerWith(asked, created, { code: 201, warnings: [...body.warnings, ...admitted.warnings] });
};

/** @throws ApiError (404) */
async function checkThere(asked: SpecialRequest): Promise<void> {
  const { namespace, name } = asked.request.info;
  const kind = kindOf(asked, pods);
  if ((await kind.objects.get(placeOf(kind, namespace, name))) === null) throw notFound(kind.resource, name);
}

/** @returns the version in which the pod is to be deleted; null: whichever. @throws ApiError where no budget allows it */
async function takeFromBudget(asked: SpecialRequest, dryRun: boolean): Promise<string | null> {
  const { namespace, name } = asked.request.info;
  const [kind, ofBudgets] = [kindOf(asked, pods), kindOf(asked, budgets)];
  for (let tries = 1; ; tries += 1) {
    const stored = await kind.objects.get(placeOf(kind, namespace, name));
    if (stored === null) throw notFound(kind.resource, name);
    const pod = decodeFromStore(stored.bytes, stored.revision);
    const matching = budgetsOf(pod, await listAll(ofBudgets, namespace));
    const decision = evictPod(pod, matching, asked.service.surroundings.now());
    if (decision instanceof ApiError) throw decision;
    const { budget, keepsVersion } = decision;
    if (budget === null || dryRun || (await keepBudget(ofBudgets, budget))) {
      return keepsVersion ? String(stored.revision) : null;
    }
    if (tries === mostTries)
      throw new ApiError('TooManyRequests', 'too many evictions at a time: try again', {
        retryAfterSeconds: 1,
      });
  }
}

/** The pod says why it ends. @returns the version of it that is to be deleted; null: whichever */
async function sayWhy(asked: SpecialRequest, seen: string | null): Promise<string | null> {
  const { namespace, name } = asked.request.info;
  const kind = kindOf(asked, pods);
  const outcome = await kind.objects.change(placeOf(kind, namespace, name), (pod) => {
    if (seen !== null && pod.metadata.resourceVersion !== seen) throw hasChanged();
    const object = kind.normalize(withEvictionCondition(pod, asked.service.surroundings.now()));
    return { kind: 'store', object };
  });
  if (outcome === null) throw notFound(kind.resource, name);
  return seen === null ? null : String(outcome.object.revision);
}

/** It may count in its budget by now: that is found out by asking again. */
function hasChanged(): ApiError {
  return new ApiError('TooManyRequests', 'the pod has changed while its eviction was decided: try again', {
    retryAfterSeconds: 1,
  });
}

async function listAll(kind: ServedKind, namespace: string): Promise<readonly ApiObject[]> {
  const { items } = await kind.objects.list(`${namespace}/`, { kind: 'newest', limit: 0 });
  return items.map(({ bytes, revision }) => decodeFromStore(bytes, revision));
}

/** @returns false: it has changed meanwhile */
async function keepBudget(kind: ServedKind, budget: ApiObject): Promise<boolean> {
  const { namespace = '', name = '', resourceVersion } = budget.metadata;
  let isSame = true;
  await kind.objects.change(placeOf(kind, namespace, name), (current) => {
    isSame = current.metadata.resourceVersion === resourceVersion;
    return { kind: 'store', object: isSame ? kind.normalize(budget) : current };
  });
  return isSame;
}
