/**
 * What a client wants to be sent: the Accept header with Kubernetes' own parameters, against what a resource can give.
 * (k8s.io/apiserver/pkg/endpoints/handlers/negotiation) Pure.
 */

export type Encoding = 'json' | 'yaml' | 'protobuf';

/** What an answer is made into before it is written. */
export type Transformation = 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';

export interface AnswerForm {
  readonly encoding: Encoding;
  /** Indented JSON, for people who look with a browser or curl. */
  readonly pretty: boolean;
  readonly as: Transformation | null;
  /** For the Content-Type header. */
  readonly mediaType: string;
}

export interface Offer {
  /** In the server's order of preference. */
  readonly encodings: readonly Encoding[];
  readonly transformations: readonly Transformation[];
}

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
]);
const mediaTypes = new Map([...encodings].map(([mediaType, encoding]) => [encoding, mediaType]));

/** A header longer than this is not read to its end. */
const rangesLimit = 64;

/**
 * The first form, in the order of the client's preference, that the server has.
 * @param accept the header; none and the empty one take anything.
 * @returns null: nothing that was asked for can be given (406).
 */
export function chooseForm(accept: string | undefined, offer: Offer): AnswerForm | null {
  const ranges = accept === undefined || accept.trim() === '' ? [anything] : parseAccept(accept);
  for (const range of ranges) {
    const encoding = offer.encodings.find((candidate) => fits(range, candidate));
    if (encoding === undefined) continue;
    const as = transformationOf(range, offer);
    if (as === 'unknown') continue;
    const pretty = encoding === 'json' && range.parameters.get('pretty') === '1';
    return { encoding, pretty, as, mediaType: formatMediaType(encoding, range, as) };
  }
  return null;
}

/** The encoding of a body; null: unknown (415). No header means JSON. */
export function encodingOfBody(contentType: string | undefined): Encoding | null {
  if (contentType === undefined || contentType.trim() === '') return 'json';
  return encodings.get((contentType.split(';')[0] as string).trim().toLowerCase()) ?? null;
}

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

const anything: MediaRange = { type: '*', subtype: '*', parameters: new Map(), quality: 1 };

/** By quality, then as they stand. What cannot be read is left out. */
function parseAccept(header: string): readonly MediaRange[] {
  const ranges = header.split(',', rangesLimit).map(parseRange);
  return ranges
    .filter((range) => range !== null)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

function parseRange(text: string): MediaRange | null {
  const [name = '', ...pairs] = text.split(';').map((part) => part.trim());
  const match = /^([-\w.+*]+)\/([-\w.+*]+)$/.exec(name.toLowerCase());
  if (match === null) return null;
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at > 0) parameters.set(pair.slice(0, at).trim().toLowerCase(), unquote(pair.slice(at + 1).trim()));
  }
  const quality = Number(parameters.get('q') ?? '1');
  return {
    type: match[1] as string,
    subtype: match[2] as string,
    parameters,
    quality: Number.isFinite(quality) ? quality : 0,
  };
}

function unquote(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? text;
}

function fits({ type, subtype }: MediaRange, encoding: Encoding): boolean {
  if (type === '*' && subtype === '*') return true;
  if (type === 'application' && subtype === '*') return true;
  return encodings.get(`${type}/${subtype}`) === encoding;
}

/** `as`, `g` and `v` together name a kind of meta.k8s.io. One that is not offered makes the range fit nothing. */
function transformationOf(
  { parameters }: MediaRange,
  { transformations }: Offer,
): Transformation | null | 'unknown' {
  const wanted = parameters.get('as');
  if (wanted === undefined) return null;
  const isMeta = parameters.get('g') === 'meta.k8s.io' && /^v1(beta1)?$/.test(parameters.get('v') ?? '');
  return (isMeta && transformations.find((one) => one === wanted)) || 'unknown';
}

function formatMediaType(encoding: Encoding, range: MediaRange, as: Transformation | null): string {
  const name = mediaTypes.get(encoding) as string;
  // A table is a form of its own only to those who asked by its version; the answer repeats it.
  return as === null ? name : `${name};as=${as};v=${range.parameters.get('v')};g=meta.k8s.io`;
}
