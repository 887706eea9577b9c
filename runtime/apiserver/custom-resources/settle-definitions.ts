/**
 * Brings definitions of custom resources to where they should be: gives them their names, has them served, and takes their objects
 * away before they go. What is to be done is `plan-definition.ts`'s; here it is done. Every node may run it at the same time: a
 * write is decided on what is there, and what is as it should be is not written.
 */
import { noAdmission } from '../handlers/admission.ts';
import { deleteObject } from '../handlers/delete.ts';
import type { ServedKind } from '../handlers/served-kind.ts';
import type { Surroundings } from '../handlers/surroundings.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { CustomResourceDefinition } from '../schemas/generated/types/apiextensions-v1.ts';
import { ApiError } from '../status.ts';
import type { CustomKinds } from './custom-kinds.ts';
import { asDefinition, isTerminating } from './definition.ts';
import { cleanupFinalizer, planCleanup, planDefinition, withCondition } from './plan-definition.ts';

export interface SettleOptions {
  readonly kinds: CustomKinds;
  readonly surroundings: Surroundings;
  /** Something went wrong; it is tried again. */
  readonly onFault: (error: unknown) => void;
}

/** While something is waited for, or has gone wrong. */
const againMilliseconds = 1_000;

export function settleDefinitions(options: SettleOptions): { close(): Promise<void> } {
  const { kinds, onFault } = options;
  let isClosed = false;
  let isWanted = true;
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  const wake = (): void => {
    isWanted = true;
    if (isClosed || running !== null) return;
    running = run().finally(() => {
      running = null;
      if (isWanted) wake();
    });
  };
  const run = async (): Promise<void> => {
    clearTimeout(timer);
    isWanted = false;
    await kinds.ready;
    const waits = await settleAll(options).catch((error: unknown) => {
      onFault(error);
      return true;
    });
    if (waits && !isClosed) timer = setTimeout(wake, againMilliseconds);
  };
  const stop = kinds.onChange(wake);
  wake();
  return {
    close: async () => {
      isClosed = true;
      isWanted = false;
      stop();
      clearTimeout(timer);
      await running;
    },
  };
}

/** @returns whether it has to be looked again, though nothing changes */
async function settleAll(options: SettleOptions): Promise<boolean> {
  const all = options.kinds.definitions();
  const waits: boolean[] = [];
  for (const definition of all) {
    if (isTerminating(definition)) waits.push(await cleanUp(options, definition));
    else await settle(options, definition, all);
  }
  return waits.includes(true);
}

async function settle(
  { kinds, surroundings }: SettleOptions,
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Promise<void> {
  const now = surroundings.now();
  if (planDefinition(definition, all, now) === (definition.status ?? {})) return;
  await change(kinds, definition, (current) => ({ ...current, status: planDefinition(current, all, now) }));
}

async function cleanUp(options: SettleOptions, definition: CustomResourceDefinition): Promise<boolean> {
  const { kinds, surroundings } = options;
  const objects = await objectsOf(kinds, definition);
  const step = planCleanup(definition, objects?.places.length ?? 0);
  switch (step.kind) {
    case 'none':
      return false;
    case 'deleteObjects':
      if (objects !== null) await deleteAll(options, objects.kind, objects.places);
      return true;
    case 'release':
      await change(kinds, definition, (current) => ({
        ...current,
        metadata: {
          ...current.metadata,
          finalizers: current.metadata?.finalizers?.filter((name) => name !== cleanupFinalizer) ?? [],
        },
        status: withCondition(current.status ?? {}, step.condition, surroundings.now()),
      }));
      return false;
  }
}

interface Objects {
  readonly kind: ServedKind;
  readonly places: readonly string[];
}

async function objectsOf(kinds: CustomKinds, { spec }: CustomResourceDefinition): Promise<Objects | null> {
  const { group, names, versions } = spec;
  const found = versions
    .map(({ name }) => kinds.resource({ group, version: name, resource: names.plural }))
    .find((resource) => resource !== null);
  if (found === undefined) return null;
  const kind = kinds.served(found);
  const { items } = await kind.objects.list('', { kind: 'newest', limit: 0 });
  return { kind, places: items.map(({ place }) => place) };
}

const self = { name: 'system:apiserver', uid: '', groups: ['system:masters'], extra: {} };

async function deleteAll(
  { surroundings }: SettleOptions,
  kind: ServedKind,
  places: readonly string[],
): Promise<void> {
  for (const place of places) {
    const at = place.lastIndexOf('/');
    const target = { namespace: place.slice(0, Math.max(0, at)), name: place.slice(at + 1) };
    const request = {
      ...{ ...target, uid: '', resourceVersion: '', graceSeconds: null },
      propagation: 'Background' as const,
      ...{ dryRun: false, user: self, admission: noAdmission, warn: () => {} },
    };
    await deleteObject(kind, request, surroundings).catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    });
  }
}

const definitions = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };

async function change(
  kinds: CustomKinds,
  { metadata }: CustomResourceDefinition,
  make: (current: CustomResourceDefinition) => CustomResourceDefinition,
): Promise<void> {
  const resource = kinds.resource(definitions);
  if (resource === null) throw new Error('there are no definitions of custom resources');
  const kind = kinds.served(resource);
  await kind.objects.change(metadata?.name ?? '', (current) => {
    const next = kind.normalize(make(asDefinition(current)) as unknown as ApiObject);
    const { deletionTimestamp, finalizers = [] } = next.metadata as {
      deletionTimestamp?: string;
      finalizers?: string[];
    };
    const isOver = (deletionTimestamp ?? null) !== null && finalizers.length === 0;
    return isOver ? { kind: 'delete' } : { kind: 'store', object: next };
  });
}
