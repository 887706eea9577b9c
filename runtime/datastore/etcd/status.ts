/**
 * What goes wrong, in gRPC's codes and etcd's own sentences, which its clients compare word for word; and the way back
 * from them to the store's errors.
 */
import { StoreError, type StoreErrorCode } from '../store.ts';

export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
} as const;

export type GrpcCode = (typeof grpcCode)[keyof typeof grpcCode];

/** The end of a call that did not succeed. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The sentences etcd has for what a request can be refused for. */
export const etcdText = {
  emptyKey: 'etcdserver: key is not provided',
  keyNotFound: 'etcdserver: key not found',
  valueProvided: 'etcdserver: value is provided',
  leaseProvided: 'etcdserver: lease is provided',
  tooManyOperations: 'etcdserver: too many operations in txn request',
  duplicateKey: 'etcdserver: duplicate key given in txn request',
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  future: 'etcdserver: mvcc: required revision is a future revision',
  noSpace: 'etcdserver: mvcc: database space exceeded',
  leaseNotFound: 'etcdserver: requested lease not found',
  leaseExists: 'etcdserver: lease already exists',
  leaseTooLong: 'etcdserver: too large lease TTL',
  tooLarge: 'etcdserver: request is too large',
  tooManyRequests: 'etcdserver: too many requests',
  noLeader: 'etcdserver: no leader',
  timeout: 'etcdserver: request timed out',
} as const;

const toGrpcCode: Readonly<Record<StoreErrorCode, readonly [GrpcCode, string | null]>> = {
  invalid: [grpcCode.invalidArgument, null],
  tooLarge: [grpcCode.invalidArgument, etcdText.tooLarge],
  keyNotFound: [grpcCode.invalidArgument, etcdText.keyNotFound],
  compacted: [grpcCode.outOfRange, etcdText.compacted],
  future: [grpcCode.outOfRange, etcdText.future],
  leaseNotFound: [grpcCode.notFound, etcdText.leaseNotFound],
  leaseExists: [grpcCode.failedPrecondition, etcdText.leaseExists],
  noSpace: [grpcCode.resourceExhausted, etcdText.noSpace],
  // kube-apiserver and etcdctl retry on this sentence; why the store cannot answer is in the agent's own status.
  unavailable: [grpcCode.unavailable, etcdText.timeout],
  notLeader: [grpcCode.unavailable, etcdText.noLeader],
};

/** What a call ends with when the store refuses it. */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof StoreError) {
    const [code, text] = toGrpcCode[error.code];
    return new GrpcError(code, text ?? `etcdserver: ${error.message}`);
  }
  return new GrpcError(grpcCode.internal, error instanceof Error ? error.message : String(error));
}

const storeCodes: readonly (readonly [string, StoreErrorCode])[] = [
  [etcdText.keyNotFound, 'keyNotFound'],
  [etcdText.compacted, 'compacted'],
  [etcdText.future, 'future'],
  [etcdText.noSpace, 'noSpace'],
  [etcdText.leaseNotFound, 'leaseNotFound'],
  [etcdText.leaseExists, 'leaseExists'],
  [etcdText.tooLarge, 'tooLarge'],
];

/** The store's error for the end of a call to an etcd. */
export function toStoreError(code: number, details: string): StoreError {
  const known = storeCodes.find(([text]) => details.includes(text));
  if (known) return new StoreError(known[1], details);
  if (code === grpcCode.invalidArgument || code === grpcCode.outOfRange)
    return new StoreError('invalid', details);
  // gRPC itself says this of a message that is larger than a server takes.
  if (code === grpcCode.resourceExhausted) return new StoreError('tooLarge', details);
  return new StoreError('unavailable', details);
}
