/**
 * What a client is told when a request fails: `metav1.Status`, with the codes, reasons and sentences of the real server,
 * since clients act on the reason and people search for the sentence. (k8s.io/apimachinery/pkg/api/errors)
 */

export interface StatusCause {
  /** For example `FieldValueInvalid`. */
  readonly reason?: string;
  readonly message?: string;
  /** A path in the object, for example `spec.replicas`. */
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource's name; the kind's where a body was invalid. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The part of metav1.ListMeta that an error can have. */
export interface ListMetadata {
  readonly continue?: string;
}

/** `metav1.Status`, as it is sent. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: ListMetadata;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** Code and reason that belong together. */
const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Conflict: 409,
  AlreadyExists: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof codes;

/** A request that is answered with a `Status`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly reason: StatusReason;
  readonly details: StatusDetails | undefined;
  readonly metadata: ListMetadata;

  constructor(reason: StatusReason, message: string, details?: StatusDetails, metadata: ListMetadata = {}) {
    super(message);
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  get code(): number {
    return codes[this.reason];
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** A resource within its group; the core group is ''. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** `deployments.apps`, `pods`. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

export function notFound(of: GroupResource, name: string): ApiError {
  return new ApiError('NotFound', `${formatGroupResource(of)} "${name}" not found`, detailsOf(of, name));
}

export function alreadyExists(of: GroupResource, name: string): ApiError {
  return new ApiError(
    'AlreadyExists',
    `${formatGroupResource(of)} "${name}" already exists`,
    detailsOf(of, name),
  );
}

export function conflict(of: GroupResource, name: string, why: string): ApiError {
  return new ApiError(
    'Conflict',
    `Operation cannot be fulfilled on ${formatGroupResource(of)} "${name}": ${why}`,
    detailsOf(of, name),
  );
}

/** The conflict that clients retry: their copy is older than what is stored. */
export function outdated(of: GroupResource, name: string): ApiError {
  return conflict(
    of,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function forbidden(of: GroupResource, name: string, why: string): ApiError {
  const subject = of.resource === '' ? 'forbidden' : `${formatGroupResource(of)} "${name}" is forbidden`;
  return new ApiError('Forbidden', `${subject}: ${why}`, detailsOf(of, name));
}

/** One field that is wrong. */
export interface FieldError {
  readonly reason:
    | 'FieldValueInvalid'
    | 'FieldValueNotFound'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany';
  readonly field: string;
  /** What follows the field's name, for example `Invalid value: -1: must be greater than or equal to 0`. */
  readonly message: string;
}

/** Who sent a hundred wrong fields learns nothing from the rest, and an answer stays short. */
const mostErrors = 100;

/** @param kind of the object, with its group. @param errors at least one. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const shown = errors.slice(0, mostErrors);
  const left = errors.length - shown.length;
  const sentences = shown.map(({ field, message }) => `${field}: ${message}`);
  if (left > 0) sentences.push(`and ${left} more errors`);
  const all = sentences.length === 1 ? sentences[0] : `[${sentences.join(', ')}]`;
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError('Invalid', `${subject} "${name}" is invalid: ${all}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: shown.map(({ reason, field, message }) => ({ reason, message, field })),
  });
}

function detailsOf({ group, resource }: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    ...(resource === '' ? {} : { kind: resource }),
  };
}
