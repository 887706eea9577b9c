/**
 * What a watch sends for each event, in the form that was asked for: lines of JSON, or protobuf with its length before it.
 * An event that many watch is written once for each form. (k8s.io/apimachinery/pkg/apis/meta/v1, WatchEvent)
 */
import { stringifyJson } from '../objects/json-text.ts';
import { type ApiObject, decodeFromStore, objectHead, servedPieces } from '../objects/object-bytes.ts';
import { encodeObject } from '../schemas/protobuf/codec.ts';
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import type { Status } from '../status.ts';
import type { ObjectEvent } from '../storage/watch-events.ts';
import type { AnswerOptions } from './answer.ts';
import { makeTableOf, metadataOnly } from './answer.ts';
import type { ServedKind } from './served-kind.ts';

export interface WatchFrames {
  readonly mediaType: string;
  readonly event: (event: ObjectEvent) => Uint8Array;
  /** @param endsInitialEvents everything that was there has been sent. */
  readonly bookmark: (revision: number, endsInitialEvents: boolean) => Uint8Array;
  readonly error: (status: Status) => Uint8Array;
}

type EventType = ObjectEvent['type'] | 'BOOKMARK' | 'ERROR';

const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' };

export function watchFrames(kind: ServedKind, options: AnswerOptions): WatchFrames {
  const { form } = options;
  const frame = form.encoding === 'protobuf' ? protobufFrame(options) : jsonFrame;
  const isPlain = form.encoding === 'json' && form.as === null;
  const head = objectHead(kind.resource.kind, kind.apiVersion);
  let withColumns = true;
  const inForm = (object: ApiObject): JsonObject => {
    if (form.as === null) return object as JsonObject;
    if (form.as !== 'Table') return metadataOnly(object);
    const { resourceVersion } = object.metadata;
    const table = makeTableOf(
      kind,
      [object],
      { resourceVersion: String(resourceVersion) },
      options,
      withColumns,
    );
    withColumns = false;
    return table as JsonObject;
  };
  return {
    // As the real server: only what is not JSON says that it is a stream.
    mediaType: form.encoding === 'json' ? form.mediaType : `${form.mediaType};stream=watch`,
    event: ({ type, bytes, revision }) => {
      const pieces = isPlain ? servedPieces(bytes, head, revision, { inTypedList: false }) : null;
      if (pieces !== null) return joinLine(type, pieces);
      return frame(type, inForm(decodeFromStore(bytes, revision)));
    },
    bookmark: (revision, endsInitialEvents) => {
      const zero = kind.managed.zero as ApiObject;
      const annotations = endsInitialEvents ? { annotations: initialEventsEnd } : {};
      const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
      const object = { ...zero, metadata } as unknown as ApiObject;
      if (form.as !== 'Table') return frame('BOOKMARK', inForm(object));
      const table = {
        kind: 'Table',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion: String(revision) },
      };
      const row = { cells: [], object: metadataOnly(object) };
      return frame('BOOKMARK', {
        ...table,
        columnDefinitions: null,
        rows: endsInitialEvents ? [row] : [],
      } as JsonObject);
    },
    error: (status) => frame('ERROR', status as unknown as JsonObject),
  };
}

type Frame = (type: EventType, object: JsonObject) => Uint8Array;

const jsonFrame: Frame = (type, object) =>
  Buffer.from(`{"type":"${type}","object":${stringifyJson(object)}}\n`);

const lineEnd = Buffer.from('}\n');

function joinLine(type: EventType, pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), ...pieces, lineEnd]);
}

/** The event without an envelope, and in it the object with one. */
function protobufFrame({ registry }: AnswerOptions): Frame {
  return (type, object) => {
    const raw = encodeObject(registry, object);
    const extension = field(1, raw);
    const event = Buffer.concat([field(1, Buffer.from(type)), field(2, extension)]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(event.length);
    return Buffer.concat([length, event]);
  };
}

/** A field of bytes: its tag, its length, and they. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  const head = [(number << 3) | 2];
  let length = bytes.length;
  while (length > 0x7f) {
    head.push((length & 0x7f) | 0x80);
    length >>>= 7;
  }
  return Buffer.concat([Buffer.from([...head, length]), bytes]);
}
