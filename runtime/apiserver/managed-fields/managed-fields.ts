/**
 * Server-side apply, and what every other write does to `metadata.managedFields`. Objects are as Go writes them (empty
 * structs are there), times come from the caller. `ownership.ts` decides who owns what; here is what Kubernetes does around
 * it. (k8s.io/apimachinery/pkg/util/managedfields)
 */
import { isObject, isSameJson, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { ApiError } from '../status.ts';
import { checkApplied } from './check-applied.ts';
import { applyConflict } from './conflicts.ts';
import {
  capUpdaters,
  formatManagers,
  identify,
  type Manager,
  type Managers,
  readManagers,
} from './entries.ts';
import { emptySet, isEmptySet, isSameSet, union } from './field-set.ts';
import { withoutLastApplied } from './last-applied.ts';
import { ManagedFieldsError } from './managed-fields-error.ts';
import { type Applied, applyOnto, type Ground, type Settable, updateOnto } from './ownership.ts';
import type { Shape } from './shape.ts';

/** Of a kind at one version. */
export interface ManagedKind {
  readonly shape: Shape;
  /** The object of this kind that holds nothing, as Go writes it: what is made is compared with it. */
  readonly zero: JsonObject;
  readonly apiVersion: string;
}

export interface Writer {
  readonly manager: string;
  /** `status`, `scale`; empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  /** What of a set it can set at all. Default: everything. */
  readonly settable?: Settable;
}

/**
 * The object after an apply, with its managed fields. A null `live` is made.
 * @throws ApiError for conflicts, and for what cannot be applied
 */
export function applyManaged(
  kind: ManagedKind,
  live: JsonObject | null,
  applied: JsonObject,
  writer: Writer & { readonly force: boolean },
): JsonObject {
  checkRequest(kind, applied);
  const before = withoutManagers(live ?? kind.zero);
  const known = ownersOf(live);
  const managers = known.size > 0 ? known : firstManagers(kind, before, live !== null, writer);
  const ground = groundOf(kind, before, managers, writer);
  const self = managerOf(kind, writer, 'Apply');
  const outcome = applyUnlessConflicts(kind, ground, applied, self, writer.force);
  const key = identify(self);
  const [old, own] = [managers.get(key), outcome.managers.get(key)];
  const rest = new Map(outcome.managers);
  // Who applies the same again leaves no trace.
  const isNews = outcome.isChanged || old === undefined || !isSameSet(old.fields, own?.fields ?? emptySet);
  if (own !== undefined) rest.set(key, { ...own, time: isNews ? writer.time : old.time });
  return withManagers(outcome.object, capUpdaters(rest));
}

function applyUnlessConflicts(
  kind: ManagedKind,
  ground: Ground,
  applied: JsonObject,
  self: Manager,
  force: boolean,
): Extract<Applied, { readonly kind: 'applied' }> {
  const outcome = applyOnto(ground, applied, self, force);
  if (outcome.kind === 'applied') return outcome;
  const conflicts = withoutLastApplied(kind, ground.live, self.manager, outcome.conflicts);
  if (conflicts.length > 0) throw applyConflict(conflicts);
  return applyUnlessConflicts(kind, ground, applied, self, true);
}

/**
 * The object as it is stored after any other write: `next` is what the request made of it, with the managed fields that the
 * request gave. A null `live` is made.
 */
export function updateManaged(
  kind: ManagedKind,
  live: JsonObject | null,
  next: JsonObject,
  writer: Writer,
): JsonObject {
  const managers = managersForUpdate(live, next, writer);
  const [before, after] = [withoutManagers(live ?? kind.zero), withoutManagers(next)];
  // Nobody knows who owns what an object has had for long: only an apply begins to keep the account.
  if (managers.size === 0 && live !== null) return after;
  const { managers: others, taken } = updateOnto(groundOf(kind, before, managers, writer), after);
  const self = managerOf(kind, writer, 'Update');
  const key = identify(self);
  const rest = new Map(others);
  if (!isEmptySet(taken)) {
    const fields = union(taken, others.get(key)?.fields ?? emptySet);
    rest.set(key, { ...self, fields: settableBy(writer)(fields) });
  }
  return withManagers(after, capUpdaters(rest));
}

function checkRequest(kind: ManagedKind, applied: JsonObject): void {
  const managedFields = isObject(applied.metadata) ? applied.metadata.managedFields : undefined;
  if (managedFields !== undefined && managedFields !== null)
    throw new ApiError('BadRequest', 'metadata.managedFields must be nil');
  if (applied.apiVersion !== kind.apiVersion) {
    const given = String(applied.apiVersion ?? '');
    const why = `Specified patch version: ${given}, expected: ${kind.apiVersion}`;
    throw new ApiError('BadRequest', `Incorrect version specified in apply patch. ${why}`);
  }
  try {
    checkApplied(kind.shape, applied);
  } catch (error) {
    if (!(error instanceof ManagedFieldsError)) throw error;
    const what = `failed to create typed patch object (${nameOf(applied)}): ${error.message}`;
    throw new ApiError('InternalError', what);
  }
}

/** `default/web; apps/v1, Kind=Deployment` */
function nameOf({ metadata, apiVersion, kind }: JsonObject): string {
  const { namespace = '', name = '' } = isObject(metadata) ? metadata : {};
  return `${String(namespace)}/${String(name)}; ${String(apiVersion)}, Kind=${String(kind)}`;
}

/** What an object had before the first apply is owned by nobody in particular, and conflicts all the same. */
function firstManagers(kind: ManagedKind, live: JsonObject, isThere: boolean, writer: Writer): Managers {
  if (!isThere) return new Map();
  const { taken } = updateOnto(groundOf(kind, kind.zero, new Map(), writer), live);
  if (isEmptySet(taken)) return new Map();
  const name = { ...writer, manager: 'before-first-apply' };
  const manager: Manager = { ...managerOf(kind, name, 'Update'), fields: taken };
  return new Map([[identify(manager), manager]]);
}

/** The request's, so that they can be changed; the live ones when it has none, or through a subresource. */
function managersForUpdate(live: JsonObject | null, next: JsonObject, writer: Writer): Managers {
  if (writer.subresource !== '') return ownersOf(live);
  const given = isObject(next.metadata) ? next.metadata.managedFields : undefined;
  if (isReset(given)) return new Map();
  const own = ownersOf(next);
  return own.size > 0 ? own : ownersOf(live);
}

/** `[]` and `[{}]` are how a client has all of them forgotten. */
function isReset(managedFields: JsonValue | undefined): boolean {
  if (!Array.isArray(managedFields)) return false;
  return managedFields.length === 0 || (managedFields.length === 1 && isSameJson(managedFields[0], {}));
}

/** None when they cannot be read: that must not keep anyone from writing. */
function ownersOf(object: JsonObject | null): Managers {
  try {
    return readManagers(isObject(object?.metadata) ? object.metadata.managedFields : undefined);
  } catch (error) {
    if (error instanceof ManagedFieldsError) return new Map();
    throw error;
  }
}

function groundOf({ shape }: ManagedKind, live: JsonObject, managers: Managers, writer: Writer): Ground {
  return { shape, live, managers, settable: settableBy(writer) };
}

function settableBy({ settable }: Writer): Settable {
  return settable ?? ((fields) => fields);
}

function managerOf({ apiVersion }: ManagedKind, writer: Writer, operation: 'Apply' | 'Update'): Manager {
  const { manager, subresource, time } = writer;
  return { manager, operation, apiVersion, subresource, time, fields: emptySet };
}

function withoutManagers(object: JsonObject): JsonObject {
  if (!isObject(object.metadata) || object.metadata.managedFields === undefined) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withManagers(object: JsonObject, managers: Managers): JsonObject {
  const bare = withoutManagers(object);
  const managedFields = formatManagers(managers);
  if (managedFields.length === 0) return bare;
  const metadata = isObject(bare.metadata) ? bare.metadata : {};
  return { ...bare, metadata: { ...metadata, managedFields } };
}
