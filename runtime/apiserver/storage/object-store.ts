/**
 * Objects in the datastore: the one place where resource versions meet revisions. A write compares the revision it
 * was decided on, and is decided again when another came first. (k8s.io/apiserver/pkg/storage/etcd3/store.go)
 */
import { type KeyValue, prefixEnd } from '../../datastore/state-machine/model.ts';
import { type Store, StoreError } from '../../datastore/store.ts';
import { type ApiObject, decodeFromStore, encodeForStore } from '../objects/object-bytes.ts';
import { ApiError } from '../status.ts';
import { encodeContinue } from './continue-token.ts';
import { type ListPlan, parseResourceVersion } from './list-plan.ts';

/** An object as it lies in the store. */
export interface StoredObject {
  /** Behind the resource's prefix: `NAMESPACE/NAME` or `NAME`. */
  readonly place: string;
  readonly bytes: Uint8Array;
  readonly revision: number;
}

export interface StoredList {
  readonly items: readonly StoredObject[];
  /** The list's resource version. */
  readonly revision: number;
  /** '' at the end. */
  readonly continue: string;
  /** How many follow; null at the end. */
  readonly remaining: number | null;
}

/** What becomes of an object. */
export type Decision =
  | { readonly kind: 'store'; readonly object: ApiObject }
  /** For good. */
  | { readonly kind: 'delete' };

/** From what is there. What it throws leaves everything as it is. */
export type Decide = (current: ApiObject) => Decision | Promise<Decision>;

export interface Outcome {
  readonly kind: 'stored' | 'kept' | 'deleted';
  /** What is there now; of what was deleted its last state, with the revision of the deletion. */
  readonly object: StoredObject;
}

/** Names that no two objects may hold at a time, such as addresses; a claim is kept in the transaction that stores its object. */
export type ClaimsOf = (object: ApiObject) => readonly string[];

/** Somebody else holds them. */
export class ClaimsTakenError extends Error {
  override readonly name = 'ClaimsTakenError';
  readonly claims: readonly string[];

  constructor(claims: readonly string[]) {
    super(`held by others: ${claims.join(', ')}`);
    this.claims = claims;
  }
}

/** Between the version that is stored and another one that is served. */
export interface Conversion {
  /** As many as were given, in their order: all of a list at once. */
  readonly toServed: (stored: readonly ApiObject[]) => readonly ApiObject[] | Promise<readonly ApiObject[]>;
  readonly toStored: (served: ApiObject) => ApiObject | Promise<ApiObject>;
}

export interface ObjectStoreOptions {
  /** null: what is stored is what is served. */
  readonly conversion?: Conversion | null | undefined;
  readonly store: Store;
  readonly claimsOf?: ClaimsOf | undefined;
  /** With a slash at both ends, for example `/registry/pods/`. */
  readonly prefix: string;
}

/**
 * Every method rejects with `ApiError`, or where it writes with `ClaimsTakenError`, and with nothing else of its own; what a
 * callback throws is passed on.
 */
export class ObjectStore {
  readonly #datastore: Store;
  readonly #prefix: string;
  readonly #claimsOf: ClaimsOf;
  readonly #conversion: Conversion | null;

  constructor({ store, prefix, claimsOf, conversion }: ObjectStoreOptions) {
    this.#conversion = conversion ?? null;
    this.#claimsOf = claimsOf ?? (() => []);
    this.#datastore = store;
    this.#prefix = prefix;
  }

  /** @returns null when there is an object of that place already. */
  async create(place: string, object: ApiObject): Promise<StoredObject | null> {
    return await this.#write(place, 0, object, []);
  }

  /** @param resourceVersion '': the newest; '0': what this node has; N: not older. @returns null: there is none. */
  async get(place: string, resourceVersion = ''): Promise<StoredObject | null> {
    const least = resourceVersion === '' ? 0 : parseResourceVersion(resourceVersion);
    const serializable = resourceVersion !== '' && least === 0;
    const { items, revision } = await asked(
      this.#datastore.range({ key: this.#key(place) }, { serializable }),
    );
    if (revision < least) throw tooLarge(least, revision);
    return (await this.#toStored(items.slice(0, 1)))[0] ?? null;
  }

  /** @param below the namespace and a slash, or '' for all of them. */
  async list(below: string, plan: ListPlan): Promise<StoredList> {
    const { revision, items: found, more, count } = await this.#range(below, plan);
    const items = await this.#toStored(found);
    const last = items.at(-1);
    if (!more || last === undefined) return { items, revision, continue: '', remaining: null };
    // The first key that could follow the last one.
    const start = `${last.place.slice(below.length)}\0`;
    return {
      items,
      ...{ revision, continue: encodeContinue({ revision, start }), remaining: count - items.length },
    };
  }

  /**
   * Changes or deletes an object, deciding anew as often as it takes until nobody came between.
   * @param decide gets what is there, and throws where it must stay as it is.
   * @returns null: there is none, and `decide` was not asked.
   */
  async change(place: string, decide: Decide): Promise<Outcome | null> {
    for (;;) {
      const current = await this.get(place);
      if (current === null) return null;
      const before = decodeFromStore(current.bytes, current.revision);
      const decision = await decide(before);
      const outcome =
        decision.kind === 'delete'
          ? await this.#delete(current, before)
          : await this.#store(current, before, decision.object);
      if (outcome !== null) return outcome;
    }
  }

  /** What `change` would do; a dry run. */
  async foresee(place: string, decide: Decide): Promise<Outcome | null> {
    const current = await this.get(place);
    if (current === null) return null;
    const decision = await decide(decodeFromStore(current.bytes, current.revision));
    if (decision.kind === 'delete') return { kind: 'deleted', object: current };
    return { kind: 'stored', object: { ...current, bytes: encodeForStore(decision.object) } };
  }

  async #store(current: StoredObject, before: ApiObject, next: ApiObject): Promise<Outcome | null> {
    // A no-op keeps the resource version.
    if (Buffer.compare(encodeForStore(next), current.bytes) === 0) return { kind: 'kept', object: current };
    const object = await this.#write(current.place, current.revision, next, this.#claimsOf(before));
    return object === null ? null : { kind: 'stored', object };
  }

  async #delete(current: StoredObject, before: ApiObject): Promise<Outcome | null> {
    const key = this.#key(current.place);
    const { succeeded, revision } = await asked(
      this.#datastore.transact({
        compare: [{ key, target: 'modifyRevision', is: current.revision }],
        success: [{ operation: 'delete', key }, ...release(this.#claimsOf(before))],
      }),
    );
    return succeeded ? { kind: 'deleted', object: { ...current, revision } } : null;
  }

  /** Stores if the object is still at this revision; 0: if there is none. @returns null if not. */
  async #write(
    place: string,
    expected: number,
    next: ApiObject,
    held: readonly string[],
  ): Promise<StoredObject | null> {
    const key = this.#key(place);
    const value = encodeForStore((await this.#conversion?.toStored(next)) ?? next);
    const wanted = this.#claimsOf(next);
    const added = wanted.filter((claim) => !held.includes(claim));
    const { succeeded, revision } = await asked(
      this.#datastore.transact({
        compare: [
          { key, target: 'modifyRevision', is: expected },
          ...added.map((claim) => ({ key: claimKey(claim), target: 'modifyRevision', is: 0 }) as const),
        ],
        success: [
          { operation: 'put', key, value },
          ...added.map((claim) => ({ operation: 'put', key: claimKey(claim), value: key }) as const),
          ...release(held.filter((claim) => !wanted.includes(claim))),
        ],
      }),
    );
    if (succeeded)
      return { place, bytes: this.#conversion === null ? value : encodeForStore(next), revision };
    await this.#checkClaims(added);
    return null;
  }

  async #checkClaims(claims: readonly string[]): Promise<void> {
    const ranges = claims.map((claim) => this.#datastore.range({ key: claimKey(claim) }));
    const found = await asked(Promise.all(ranges));
    const taken = claims.filter((_, index) => found[index]?.items.length !== 0);
    if (taken.length > 0) throw new ClaimsTakenError(taken);
  }

  async #range(below: string, plan: ListPlan) {
    const start = plan.kind === 'continue' ? plan.start : '';
    const query = {
      ...{ key: this.#key(below + start), end: prefixEnd(this.#key(below)), limit: plan.limit },
    };
    switch (plan.kind) {
      case 'newest':
        return await asked(this.#datastore.range(query));
      case 'any':
        return await asked(this.#datastore.range(query, { serializable: true }));
      case 'notOlderThan': {
        const result = await asked(this.#datastore.range(query));
        if (result.revision < plan.revision) throw tooLarge(plan.revision, result.revision);
        return result;
      }
      case 'exact': {
        const result = await asked(this.#datastore.range({ ...query, revision: plan.revision }));
        return { ...result, revision: plan.revision };
      }
      case 'continue': {
        if (plan.revision === -1) return await asked(this.#datastore.range(query));
        const result = await this.#atOldRevision({ ...query, revision: plan.revision }, plan.start);
        return { ...result, revision: plan.revision };
      }
    }
  }

  /** The error of an expired list carries a token by which the rest can be had all the same, of another state. */
  async #atOldRevision(query: Parameters<Store['range']>[0], start: string) {
    try {
      return await this.#datastore.range(query);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'compacted') {
        throw new ApiError('Expired', expiredContinue, undefined, {
          continue: encodeContinue({ revision: -1, start }),
        });
      }
      throw toApiError(error);
    }
  }

  #key(place: string): Uint8Array {
    return Buffer.from(this.#prefix + place);
  }

  async #toStored(found: readonly KeyValue[]): Promise<StoredObject[]> {
    const bytes = await servedBytes(
      found.map(({ value }) => value),
      this.#conversion,
    );
    return found.map(({ key, modifyRevision }, index) => {
      const whole = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString();
      const place = whole.slice(this.#prefix.length);
      return { place, bytes: bytes[index] as Uint8Array, revision: modifyRevision };
    });
  }
}

/** Objects as the store has them, in the version that is served. */
export async function servedBytes(
  stored: readonly Uint8Array[],
  conversion: Conversion | null,
): Promise<readonly Uint8Array[]> {
  if (conversion === null || stored.length === 0) return stored;
  const served = await conversion.toServed(stored.map((bytes) => decodeFromStore(bytes, 0)));
  return served.map(encodeForStore);
}

function claimKey(claim: string): Uint8Array {
  return Buffer.from(`/registry/claims/${claim}`);
}

function release(claims: readonly string[]) {
  return claims.map((claim) => ({ operation: 'delete', key: claimKey(claim) }) as const);
}

const expiredContinue =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw toApiError(error);
  }
}

function toApiError(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  switch (error.code) {
    case 'compacted':
      return new ApiError('Expired', 'The resourceVersion for the provided list is too old.');
    case 'future':
      return tooLarge(null, error.revision ?? 0);
    case 'tooLarge':
      return new ApiError('RequestEntityTooLarge', error.message);
    case 'noSpace':
      return new ApiError('InternalError', `the datastore is full: ${error.message}`);
    case 'unavailable':
    case 'notLeader':
      return new ApiError('ServiceUnavailable', `the datastore does not answer: ${error.message}`, {
        retryAfterSeconds: 1,
      });
    default:
      return new ApiError('InternalError', error.message);
  }
}

function tooLarge(wanted: number | null, current: number): ApiError {
  const versions = wanted === null ? `the newest is ${current}` : `${wanted}, current: ${current}`;
  return new ApiError('Timeout', `Too large resource version: ${versions}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
