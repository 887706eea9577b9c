/**
 * The default roles and bindings, brought into the cluster at the server's start: several servers may do it at a time.
 * (pkg/registry/rbac/rest/storage_rbac.go)
 */
import { defaultBindings, defaultRoles } from '../authorization/default-roles/default-roles.ts';
import { reconcileDefault } from '../authorization/reconcile-defaults.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { ApiError } from '../status.ts';

/** Reads and writes of one object; all reject with `ApiError`. */
export interface DefaultsStore {
  /** Null where there is none. */
  readonly get: (kind: string, namespace: string, name: string) => Promise<ApiObject | null>;
  readonly create: (object: ApiObject) => Promise<void>;
  readonly update: (object: ApiObject) => Promise<void>;
  /** Only the object with that UID. */
  readonly remove: (kind: string, namespace: string, name: string, uid: string) => Promise<void>;
}

/** How often another may be quicker. */
const mostTries = 4;

/** @returns how many were written. @throws ApiError */
export async function installDefaults(store: DefaultsStore): Promise<number> {
  let written = 0;
  // A binding comes after its role.
  for (const object of [...defaultRoles, ...defaultBindings]) {
    if (await install(store, object)) written += 1;
  }
  return written;
}

async function install(store: DefaultsStore, wanted: ApiObject): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await bringAbout(store, wanted);
    } catch (error) {
      if (tries === mostTries || !isRace(error)) throw error;
    }
  }
}

async function bringAbout(store: DefaultsStore, wanted: ApiObject): Promise<boolean> {
  const { kind, metadata } = wanted;
  const { name = '', namespace = '' } = metadata;
  const action = reconcileDefault(await store.get(kind, namespace, name), wanted);
  switch (action.kind) {
    case 'none':
      return false;
    case 'create':
      await store.create(action.object);
      return true;
    case 'update':
      await store.update(action.object);
      return true;
    case 'recreate':
      await store.remove(kind, namespace, name, action.uid);
      await store.create(action.object);
      return true;
  }
}

function isRace(error: unknown): boolean {
  return error instanceof ApiError && ['AlreadyExists', 'Conflict', 'NotFound'].includes(error.reason);
}
