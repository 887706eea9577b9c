/** Lists and watches, as they come from the server. */
import type { HttpAnswer } from '../../apiserver/http/exchange.ts';
import { parseJson } from '../../apiserver/objects/json-text.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt, numberAt, stringAt } from '../../apiserver/objects/read-path.ts';
import { errorOfStatus, readAnswer } from './answers.ts';

export interface ObjectList {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  /** '' at the end. */
  readonly continue: string;
  /** How many follow; 0 where it is not known. */
  readonly remaining: number;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ApiObject;
}

/** The items of a typed list do not say what they are; here they do. */
export function readList(answer: HttpAnswer): ObjectList {
  const list = readAnswer(answer);
  const kind = stringAt(list, 'kind').replace(/List$/, '');
  const apiVersion = stringAt(list, 'apiVersion');
  return {
    items: listAt(list, 'items').map((item) => ({ kind, apiVersion, ...(item as object) }) as ApiObject),
    resourceVersion: stringAt(list, 'metadata', 'resourceVersion'),
    continue: stringAt(list, 'metadata', 'continue'),
    remaining: numberAt(list, 'metadata', 'remainingItemCount'),
  };
}

const lineEnd = 0x0a;

/**
 * Events out of the pieces in which they come: the server of this process gives each as a piece of its own, others as their
 * connection brings them. What it returns throws `ApiError` for an error that was sent as an event.
 */
export function watchFrames(onEvent: (event: WatchEvent) => void): (bytes: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array();
  return (bytes) => {
    let left = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (let end = left.indexOf(lineEnd); end >= 0; end = left.indexOf(lineEnd)) {
      const line = left.subarray(0, end + 1);
      left = left.subarray(end + 1);
      if (line.length > 1) onEvent(watchFrame(line));
    }
    rest = left;
  };
}

function watchFrame(bytes: Uint8Array): WatchEvent {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const { type, object } = parseJson(text) as unknown as { readonly type: string; readonly object: unknown };
  if (type === 'ERROR') throw errorOfStatus(object);
  return { type: type as WatchEvent['type'], object: object as ApiObject };
}
