/** A request and its answer as the API sees them, whichever version of HTTP carries them. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';

/** By lower-case names, as Node has them. */
export type RequestHeaders = IncomingHttpHeaders;

export interface HttpRequest {
  readonly method: string;
  /** Without the query, percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: RequestHeaders;
  /** Names and values by turns, as they came: where a name counts as often as it is said. */
  readonly rawHeaders: readonly string[];
  /** What the client showed in the TLS handshake, its own first; empty for none. */
  readonly certificates: () => readonly X509Certificate[];
  /** @throws ApiError (413, 504) where it is too long, or does not come. */
  readonly readBody: () => Promise<Uint8Array>;
  /** The body as it comes, for who hands it on, in place of `readBody`; null: there is none. */
  readonly openBody?: () => Readable | null;
  /** What the connection is to become, as the client asks; undefined where it stays what it is. */
  readonly upgrade?: string | undefined;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
  /** Of the client; none within this process. */
  readonly remoteAddress?: string | undefined;
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

export interface HttpAnswer {
  readonly code: number;
  readonly headers: Headers;
  /** To be sent one after the other, or what sends as long as it likes. */
  readonly body: readonly Uint8Array[] | Stream;
  /** With the code 101: gets the client's connection, and ends it. */
  readonly takeOver?: (client: Duplex) => void;
}

/** Resolves at the end of the answer. A promise of the sink is to be waited for: the client is slow. */
export type Stream = (
  sink: (bytes: Uint8Array) => void | Promise<void>,
  signal: AbortSignal,
) => Promise<void>;

export type HttpHandler = (request: HttpRequest) => Promise<HttpAnswer>;
