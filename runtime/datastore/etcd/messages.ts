/**
 * etcd v3's messages (rpc.proto and kv.proto of etcd 3.5): one table of names, types and field numbers, from which both
 * the codecs and the TypeScript types follow. Names are etcd's, in camel case.
 *
 * A field reads `'TYPE NUMBER'`, `'repeated TYPE NUMBER'`, or `'one TYPE NUMBER'` for a member of the message's oneof,
 * which is written even where it has its default value.
 */
import protobuf from 'protobufjs/light.js';
import type { Long } from './numbers.ts';

const table = {
  KeyValue: {
    key: 'bytes 1',
    createRevision: 'int64 2',
    modRevision: 'int64 3',
    version: 'int64 4',
    value: 'bytes 5',
    lease: 'int64 6',
  },
  Event: { type: 'int32 1', kv: 'KeyValue 2', prevKv: 'KeyValue 3' },
  ResponseHeader: { clusterId: 'uint64 1', memberId: 'uint64 2', revision: 'int64 3', raftTerm: 'uint64 4' },

  RangeRequest: {
    key: 'bytes 1',
    rangeEnd: 'bytes 2',
    limit: 'int64 3',
    revision: 'int64 4',
    sortOrder: 'int32 5',
    sortTarget: 'int32 6',
    serializable: 'bool 7',
    keysOnly: 'bool 8',
    countOnly: 'bool 9',
    minModRevision: 'int64 10',
    maxModRevision: 'int64 11',
    minCreateRevision: 'int64 12',
    maxCreateRevision: 'int64 13',
  },
  RangeResponse: { header: 'ResponseHeader 1', kvs: 'repeated KeyValue 2', more: 'bool 3', count: 'int64 4' },
  PutRequest: {
    key: 'bytes 1',
    value: 'bytes 2',
    lease: 'int64 3',
    prevKv: 'bool 4',
    ignoreValue: 'bool 5',
    ignoreLease: 'bool 6',
  },
  PutResponse: { header: 'ResponseHeader 1', prevKv: 'KeyValue 2' },
  DeleteRangeRequest: { key: 'bytes 1', rangeEnd: 'bytes 2', prevKv: 'bool 3' },
  DeleteRangeResponse: { header: 'ResponseHeader 1', deleted: 'int64 2', prevKvs: 'repeated KeyValue 3' },
  RequestOp: {
    requestRange: 'one RangeRequest 1',
    requestPut: 'one PutRequest 2',
    requestDeleteRange: 'one DeleteRangeRequest 3',
    requestTxn: 'one TxnRequest 4',
  },
  ResponseOp: {
    responseRange: 'one RangeResponse 1',
    responsePut: 'one PutResponse 2',
    responseDeleteRange: 'one DeleteRangeResponse 3',
    responseTxn: 'one TxnResponse 4',
  },
  Compare: {
    result: 'int32 1',
    target: 'int32 2',
    key: 'bytes 3',
    version: 'one int64 4',
    createRevision: 'one int64 5',
    modRevision: 'one int64 6',
    value: 'one bytes 7',
    lease: 'one int64 8',
    rangeEnd: 'bytes 64',
  },
  TxnRequest: {
    compare: 'repeated Compare 1',
    success: 'repeated RequestOp 2',
    failure: 'repeated RequestOp 3',
  },
  TxnResponse: { header: 'ResponseHeader 1', succeeded: 'bool 2', responses: 'repeated ResponseOp 3' },
  CompactionRequest: { revision: 'int64 1', physical: 'bool 2' },
  /** Every answer that is nothing but a header. */
  HeaderResponse: { header: 'ResponseHeader 1' },
  EmptyRequest: {},

  WatchRequest: {
    createRequest: 'one WatchCreateRequest 1',
    cancelRequest: 'one WatchCancelRequest 2',
    progressRequest: 'one EmptyRequest 3',
  },
  WatchCreateRequest: {
    key: 'bytes 1',
    rangeEnd: 'bytes 2',
    startRevision: 'int64 3',
    progressNotify: 'bool 4',
    filters: 'repeated int32 5',
    prevKv: 'bool 6',
    watchId: 'int64 7',
    fragment: 'bool 8',
  },
  WatchCancelRequest: { watchId: 'int64 1' },
  WatchResponse: {
    header: 'ResponseHeader 1',
    watchId: 'int64 2',
    created: 'bool 3',
    canceled: 'bool 4',
    compactRevision: 'int64 5',
    cancelReason: 'string 6',
    fragment: 'bool 7',
    events: 'repeated Event 11',
  },

  LeaseGrantRequest: { ttl: 'int64 1', id: 'int64 2' },
  LeaseGrantResponse: { header: 'ResponseHeader 1', id: 'int64 2', ttl: 'int64 3', error: 'string 4' },
  /** LeaseRevokeRequest and LeaseKeepAliveRequest. */
  LeaseIdRequest: { id: 'int64 1' },
  LeaseKeepAliveResponse: { header: 'ResponseHeader 1', id: 'int64 2', ttl: 'int64 3' },
  LeaseTimeToLiveRequest: { id: 'int64 1', keys: 'bool 2' },
  LeaseTimeToLiveResponse: {
    header: 'ResponseHeader 1',
    id: 'int64 2',
    ttl: 'int64 3',
    grantedTtl: 'int64 4',
    keys: 'repeated bytes 5',
  },
  LeaseStatus: { id: 'int64 1' },
  LeaseLeasesResponse: { header: 'ResponseHeader 1', leases: 'repeated LeaseStatus 2' },

  Member: {
    id: 'uint64 1',
    name: 'string 2',
    peerUrls: 'repeated string 3',
    clientUrls: 'repeated string 4',
    isLearner: 'bool 5',
  },
  MemberListRequest: { linearizable: 'bool 1' },
  MemberListResponse: { header: 'ResponseHeader 1', members: 'repeated Member 2' },

  AlarmRequest: { action: 'int32 1', memberId: 'uint64 2', alarm: 'int32 3' },
  AlarmMember: { memberId: 'uint64 1', alarm: 'int32 2' },
  AlarmResponse: { header: 'ResponseHeader 1', alarms: 'repeated AlarmMember 2' },
  StatusResponse: {
    header: 'ResponseHeader 1',
    version: 'string 2',
    dbSize: 'int64 3',
    leader: 'uint64 4',
    raftIndex: 'uint64 5',
    raftTerm: 'uint64 6',
    raftAppliedIndex: 'uint64 7',
    errors: 'repeated string 8',
    dbSizeInUse: 'int64 9',
    isLearner: 'bool 10',
  },
  HashResponse: { header: 'ResponseHeader 1', hash: 'uint32 2' },
  HashKvRequest: { revision: 'int64 1' },
  HashKvResponse: {
    header: 'ResponseHeader 1',
    hash: 'uint32 2',
    compactRevision: 'int64 3',
    hashRevision: 'int64 4',
  },
  SnapshotResponse: { header: 'ResponseHeader 1', remainingBytes: 'uint64 2', blob: 'bytes 3' },
} as const;

type Table = typeof table;
export type MessageName = keyof Table;

interface Scalars {
  bytes: Uint8Array;
  string: string;
  bool: boolean;
  int32: number;
  uint32: number;
  /** A `Long` when decoded; a number will do for encoding where it is safe. */
  int64: Long | number;
  uint64: Long | number;
}

type Value<T extends string> = T extends keyof Scalars
  ? Scalars[T]
  : T extends MessageName
    ? Message<T>
    : never;

type Field<F> = F extends `repeated ${infer T} ${number}`
  ? readonly Value<T>[]
  : F extends `one ${infer T} ${number}`
    ? Value<T> | null
    : F extends `${infer T} ${number}`
      ? T extends MessageName
        ? Value<T> | null
        : Value<T>
      : never;

/** A decoded message: absent scalars have their default, absent messages and oneof members are null. */
export type Message<N extends MessageName> = { readonly [K in keyof Table[N]]: Field<Table[N][K]> };

/** A message to encode: everything may be left out. */
export type Draft<N extends MessageName> = {
  readonly [K in keyof Table[N]]?: DraftField<Table[N][K]> | undefined;
};

type DraftField<F> = F extends `repeated ${infer T} ${number}`
  ? readonly DraftValue<T>[]
  : F extends `one ${infer T} ${number}`
    ? DraftValue<T> | null
    : F extends `${infer T} ${number}`
      ? DraftValue<T> | null
      : never;

type DraftValue<T extends string> = T extends keyof Scalars
  ? Scalars[T]
  : T extends MessageName
    ? Draft<T>
    : never;

export interface Codec<N extends MessageName> {
  readonly decode: (bytes: Uint8Array) => Message<N>;
  readonly encode: (message: Draft<N>) => Uint8Array;
  /**
   * As it travels in gRPC: one byte "not compressed" and four of length before the message, in one buffer.
   * @param also messages of a repeated field that are encoded already.
   */
  readonly encodeFramed: (message: Draft<N>, also?: EncodedField) => Uint8Array;
}

export interface EncodedField {
  /** The field's number. */
  readonly id: number;
  readonly messages: readonly Uint8Array[];
}

/** How protobuf marks a field whose value begins with its length. */
const lengthDelimited = 2;

const root = protobuf.Root.fromJSON({
  nested: Object.fromEntries(Object.entries(table).map(([name, fields]) => [name, describe(fields)])),
});

/** The table's row in the form that protobufjs reads. */
function describe(fields: Readonly<Record<string, string>>): protobuf.IType {
  const described: Record<string, protobuf.IField> = {};
  const members: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const words = field.split(' ');
    const [type, id] = words.slice(-2);
    if (words[0] === 'one') members.push(name);
    described[name] = {
      ...(words[0] === 'repeated' ? { rule: 'repeated' } : {}),
      type: type!,
      id: Number(id),
    };
  }
  return { fields: described, ...(members.length > 0 ? { oneofs: { union: { oneof: members } } } : {}) };
}

const frameHeaderBytes = 5;

export function codec<N extends MessageName>(name: N): Codec<N> {
  const type = root.lookupType(name);
  return {
    decode: (bytes) => type.decode(bytes) as unknown as Message<N>,
    encode: (message) => type.encode(message).finish(),
    encodeFramed(message, also) {
      // The first five bytes are written as zeros and filled in afterwards: no second buffer, no copy.
      const writer = type.encode(message, protobuf.Writer.create().fixed32(0).bool(false));
      for (const encoded of also?.messages ?? []) {
        writer.uint32((also!.id << 3) | lengthDelimited).bytes(encoded);
      }
      const framed = writer.finish() as Buffer;
      framed.writeUInt32BE(framed.length - frameHeaderBytes, 1);
      return framed;
    },
  };
}
