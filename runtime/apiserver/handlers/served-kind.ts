/** A resource as the handlers see it: what the registry says of it, and what is special to its kind. */
import type { UserInfo } from '../authentication/user.ts';
import type { FieldRules } from '../fields/known-fields.ts';
import { fieldRulesOf } from '../fields/select-fields.ts';
import type { ManagedKind } from '../managed-fields/managed-fields.ts';
import { shapeOf } from '../managed-fields/shape.ts';
import type { NameRule } from '../objects/name-rules.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Resource } from '../resources/resource.ts';
import { decodeObject, encodeObject } from '../schemas/protobuf/codec.ts';
import { CodecError } from '../schemas/protobuf/codec-error.ts';
import { Decoder } from '../schemas/protobuf/decode.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import type { ApiType, GroupVersionKind, Registry } from '../schemas/registry.ts';
import { unknownFields } from '../schemas/unknown-fields.ts';
import { ApiError, type FieldError } from '../status.ts';
import { type Conversion, ObjectStore } from '../storage/object-store.ts';
import type { Printer } from '../tables/printer.ts';
import { printerOf } from '../tables/printers.ts';

/**
 * What a kind adds to what all objects have in common. The functions are pure, and get objects as Go writes them. A write
 * fills in, prepares, checks, in this order. (k8s.io/apiserver/pkg/registry/rest: create.go, update.go)
 */
export interface Strategy {
  readonly name: NameRule;
  /** `metadata.generation` counts changes of what is wanted: of everything but metadata and status. */
  readonly countsGenerations: boolean;
  /** Status is written through its own subresource, and left out of every other write. */
  readonly hasStatus: boolean;
  /** What becomes of no write, by its subresource ('': of the object itself), and belongs to nobody who writes it. */
  readonly resets?: Readonly<Record<string, readonly string[]>>;
  /** A new object brings its first status with it all the same. */
  readonly takesFirstStatus?: boolean;
  /** A PUT has to say which version it changes. */
  readonly needsVersion?: boolean;
  /** Who deletes it and says nothing of what it owns leaves that alone. (DefaultGarbageCollectionPolicy) */
  readonly orphansDependents?: true;
  /** A PUT of what is not there makes it. */
  readonly createsOnUpdate?: boolean;
  /** Fills in what the client left open: the API's defaults, the same for every write. */
  readonly fillIn?: (object: ApiObject) => ApiObject;
  /** What the server decides about a new object, such as its first status. */
  readonly prepareCreate?: (object: ApiObject) => ApiObject;
  /** What an update cannot touch goes back to what it was. */
  readonly prepareUpdate?: (next: ApiObject, old: ApiObject) => ApiObject;
  readonly prepareStatusUpdate?: (next: ApiObject, old: ApiObject) => ApiObject;
  /** What follows from who writes, and when. @param old null: it is made */
  readonly stamp?: (next: ApiObject, old: ApiObject | null, writer: Writer) => ApiObject;
  /** Chooses what is left open and no two objects may have. @param random from 0 to 1 */
  readonly allocate?: (object: ApiObject, random: () => number) => ApiObject;
  /** What of the object no other may have at the same time, by which `allocate` is held to its word. */
  readonly claimsOf?: (object: ApiObject) => readonly string[];
  /** What a client is told that asks for one which another object has. */
  readonly claimError?: (object: ApiObject, claim: string) => FieldError;
  /** Of a new object, and of one that is changed, but not of a change of status. */
  readonly check?: (object: ApiObject) => readonly FieldError[];
  /** Beside `check`: what a new object cannot have. */
  readonly checkCreate?: (object: ApiObject) => readonly FieldError[];
  /** Beside `check`: what cannot change. */
  readonly checkUpdate?: (next: ApiObject, old: ApiObject) => readonly FieldError[];
  readonly checkStatusUpdate?: (next: ApiObject, old: ApiObject) => readonly FieldError[];
  /** How long a deleted object is given to end, in seconds; 0: none. @param wished null: by the client left open */
  readonly graceSeconds?: (object: ApiObject, wished: number | null) => number;
  /** What a deletion that is not at its end yet shows in the object. */
  readonly markDeleted?: (object: ApiObject) => ApiObject;
  /** Whether something besides its finalizers keeps a deleted object. */
  readonly isHeld?: (object: ApiObject) => boolean;
  /** What is written through subresources of its own, such as `approval`; `status` and `scale` are the same for all. */
  readonly parts?: Readonly<Record<string, Part>>;
  /** Finalizers need no domain: what the real server keeps to the kinds of `pkg/apis` that ask for one. */
  readonly takesPlainFinalizers?: true;
  /** For the `Warning` headers. @param old null: it is made */
  readonly warn?: (object: ApiObject, old: ApiObject | null) => readonly string[];
}

export interface Writer {
  readonly user: UserInfo;
  /** As `metav1.Time`. */
  readonly now: string;
  /** '' where it is the object itself. */
  readonly subresource: string;
}

/** A part of an object that has a subresource of its own. */
export interface Part {
  /** What there is, with this part of what was sent. */
  readonly take: (sent: ApiObject, old: ApiObject) => ApiObject;
  /** Labels, annotations and their like are written with it. */
  readonly takesMetadata?: true;
  /** Nothing but what is at these paths is written with it. Default: what `resets` leaves. */
  readonly writesOnly?: readonly string[];
  readonly check?: (next: ApiObject, old: ApiObject) => readonly FieldError[];
}

export interface ServedKind {
  readonly resource: Resource;
  readonly strategy: Strategy;
  readonly objects: ObjectStore;
  /** null: what is stored is what is served. */
  readonly conversion: Conversion | null;
  /** Null: there is none, the objects have a schema of their own, and nobody writes them in protobuf. */
  readonly type: ApiType | null;
  /** Of a body or a patched object, as paths; what field validation says something of. */
  readonly unknownFields: (object: unknown) => readonly string[];
  readonly managed: ManagedKind;
  readonly apiVersion: string;
  readonly printer: Printer;
  readonly fieldRules: FieldRules;
  /** How many replicas there are, read and written; null: of kinds with a handler of their own, or without replicas. */
  readonly scale: ScaleView | null;
  /** Said with every answer, of a version that is deprecated. */
  readonly notice: string | null;
  /** What is served has changed: who watches begins anew. Null: it never does. */
  readonly ended: AbortSignal | null;
  /**
   * The object as Go writes it: fields in their order, empty structs there, unknown ones gone. Throws `ApiError` where a
   * value is not of its field's type.
   */
  readonly normalize: (object: ApiObject) => ApiObject;
}

export interface ScaleView {
  readonly read: (object: ApiObject) => ApiObject;
  /** @throws ApiError */
  readonly write: (object: ApiObject, scale: ApiObject) => ApiObject;
}

export interface ServedKindOptions {
  readonly registry: Registry;
  readonly resource: Resource;
  readonly strategy: Strategy;
  readonly store: ConstructorParameters<typeof ObjectStore>[0]['store'];
  /** Makes an object one of another version. */
  readonly convert: (object: ApiObject, to: GroupVersionKind) => ApiObject;
}

/** Throws `Error` for a resource that is not stored, or has no schema: a fault of the program. */
export function serveKind(options: ServedKindOptions): ServedKind {
  const { registry, resource, strategy, store } = options;
  const { group, version, kind, storage } = resource;
  const type = registry.kind({ group, version, kind });
  if (storage === null || type === null)
    throw new Error(`${resource.resource} is not stored, or has no schema`);
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const zero = { kind, apiVersion, ...new Decoder(registry).message(type, Buffer.alloc(0)) };
  const conversion = conversionOf(options, storage.kind);
  return {
    ...{ resource, strategy, type, apiVersion, conversion },
    ...{ scale: null, notice: null, ended: null },
    ...{ printer: printerOf(resource), fieldRules: fieldRulesOf(resource) },
    unknownFields: (object) => unknownFields(type, object),
    objects: new ObjectStore({ store, prefix: storage.prefix, claimsOf: strategy.claimsOf, conversion }),
    managed: { shape: shapeOf(type), zero, apiVersion },
    normalize: (object) => normalizeObject(registry, object),
  };
}

function conversionOf(
  { resource: { group, version, kind }, convert }: ServedKindOptions,
  stored: GroupVersionKind,
): Conversion | null {
  if (stored.group === group && stored.version === version) return null;
  return {
    toServed: (objects) => objects.map((object) => convert(object, { group, version, kind })),
    toStored: (object) => convert(object, stored),
  };
}

/** As Go writes it. @throws ApiError (400) where a value is not of its field's type */
export function normalizeObject(registry: Registry, object: ApiObject): ApiObject {
  try {
    return decodeObject(registry, encodeObject(registry, object as JsonObject)) as ApiObject;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const { kind, apiVersion } = object;
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    throw new ApiError(
      'BadRequest',
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`,
    );
  }
}

/** The object as Go writes it, after a change that a kind makes; as it is where the kind makes none. */
export function normalized(
  kind: ServedKind,
  change: ((object: ApiObject) => ApiObject) | undefined,
  object: ApiObject,
): ApiObject {
  return change === undefined ? object : kind.normalize(change(object));
}

/** `NAMESPACE/NAME`, or `NAME`. */
export function placeOf({ resource }: ServedKind, namespace: string, name: string): string {
  return resource.namespaced ? `${namespace}/${name}` : name;
}
