/** A kind of objects on a real store, with a clock and chance that a test can foresee. */
import type { Test } from 'tap';
import { openSoloStore } from '../../../datastore/testing/solo-store.ts';
import { convertStored } from '../../../resources/convert.ts';
import { dnsSubdomain } from '../../objects/name-rules.ts';
import { type ApiObject, decodeFromStore } from '../../objects/object-bytes.ts';
import { applyMergePatch } from '../../patch/merge-patch.ts';
import { builtInGroupVersions, findResource } from '../../resources/built-in.ts';
import { readGenerated, typesFile } from '../../schemas/generated-files.ts';
import type { JsonObject, JsonValue } from '../../schemas/protobuf/json-value.ts';
import { Registry } from '../../schemas/registry.ts';
import type { StoredObject } from '../../storage/object-store.ts';
import { noAdmission } from '../admission.ts';
import { createObject } from '../create.ts';
import { type DeleteRequest, deleteObject } from '../delete.ts';
import { type PatchKind, type PatchRequest, patchObject } from '../patch.ts';
import { type Strategy, serveKind } from '../served-kind.ts';
import type { Surroundings } from '../surroundings.ts';
import { type UpdateRequest, updateObject } from '../update.ts';

export const registry = new Registry(readGenerated(typesFile).toString());

/** A clock that goes on by a second, and chance that repeats itself. */
function makeSurroundings(): Surroundings {
  let seconds = 0;
  let number = 0;
  let draws = 0;
  return {
    now: () => {
      seconds += 1;
      return `${new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString().slice(0, 19)}Z`;
    },
    // The same few again and again, so that they meet.
    random: () => {
      draws += 1;
      return (draws % 4) / 4;
    },
    makeUid: () => {
      number += 1;
      return `uid-${number}`;
    },
    makeSuffix: () => ['aaaaa', 'aaaaa', 'bbbbb'][Math.min(number, 2)] as string,
  };
}

export async function openKind(
  t: Test,
  group: string,
  resource: string,
  countsGenerations: boolean,
  more: Partial<Strategy> = {},
) {
  const { store } = await openSoloStore(t, t.testdir());
  const found = findResource(builtInGroupVersions, { group, version: 'v1', resource });
  if (found === null) throw new Error(`there is no ${resource}`);
  const strategy = { name: dnsSubdomain, countsGenerations, hasStatus: countsGenerations, ...more };
  const kind = serveKind({ registry, resource: found, strategy, store, convert: convertStored });
  const surroundings = makeSurroundings();
  const warnings: string[] = [];
  const warn = (sentence: string): void => void warnings.push(sentence);
  const user = { name: 'ada', uid: '', groups: [], extra: {} };
  const write = { dryRun: false, fieldManager: 'test', user, admission: noAdmission, warn };
  return {
    ...{ kind, surroundings, warnings },
    patch: (patchKind: PatchKind, patch: unknown, options: Partial<PatchRequest> = {}) =>
      patchObject(
        kind,
        {
          ...{ ...write, namespace: 'd', name: 'a', subresource: '', force: false },
          ...{ validation: 'Warn', duplicates: [], repeated: '' },
          ...{ patchKind, patch: patch as JsonValue, ...options },
        },
        surroundings,
      ).then(({ stored }) => read(stored)),
    create: (body: object, options: object = {}) =>
      createObject(kind, 'd', body as ApiObject, { ...write, ...options }, surroundings).then(read),
    update: (change: UpdateRequest['change'], options: Partial<UpdateRequest> = {}) =>
      updateObject(
        kind,
        { ...write, namespace: 'd', name: 'a', subresource: '', change, ...options },
        surroundings,
      ).then(read),
    remove: async (options: Partial<DeleteRequest> = {}) => {
      const usual = {
        ...write,
        graceSeconds: null,
        uid: '',
        resourceVersion: '',
        propagation: 'Background',
      } as const;
      const { isGone, object } = await deleteObject(
        kind,
        { ...usual, namespace: 'd', name: 'a', ...options },
        surroundings,
      );
      return { isGone, object: read(object) };
    },
    get: async () => {
      const stored = await kind.objects.get('d/a');
      return stored === null ? null : read(stored);
    },
  };
}

function read({ bytes, revision }: StoredObject): ApiObject {
  return decodeFromStore(bytes, revision);
}

export const configMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { k: 'v' } };
export const deployment = {
  ...{ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'a', labels: { app: 'a' } } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
};

/** A merge patch, as a change. */
export function merging(patch: object): UpdateRequest['change'] {
  return (current) => applyMergePatch(current as JsonObject, patch as JsonValue);
}
