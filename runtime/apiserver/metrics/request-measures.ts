/**
 * Requests as the real server counts them: how many, how long, how large, how many at a time.
 * (k8s.io/apiserver/pkg/endpoints/metrics)
 */
import type { Kinds } from '../handlers/kinds.ts';
import type { Around, Surrounded } from '../http/around.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import type { ResourceRequest } from '../request/request-info.ts';
import type { Resource } from '../resources/resource.ts';
import { type Cell, type Measure, openCounter, openGauge, openHistogram } from './measures.ts';

export interface RequestMeasures {
  /** Outermost, so that what is refused on the way counts, too. */
  readonly around: Around;
  /** Innermost: what is being done, and does not wait. */
  readonly aroundWork: Around;
  readonly measures: readonly Measure[];
}

const place = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];
const component = 'apiserver';
const secondBounds = [
  ...[0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2],
  ...[3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];
const byteBounds = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** @param nowMs goes only forward */
export function measureRequests(kinds: Kinds, nowMs: () => number): RequestMeasures {
  const families = openFamilies();
  const counted = new Map<string, Counted>();
  const around: Around = async (asked, run) => {
    const beganMs = nowMs();
    const answer = await run(asked.request);
    const seen = countedFor(asked, kinds);
    const key = Object.values(seen).join('\n');
    const cells = counted.get(key) ?? openCells(families, seen);
    if (counted.size < mostRemembered) counted.set(key, cells);
    const end = (): void => cells.duration.observe((nowMs() - beganMs) / 1000);
    cells.code(answer.code).add();
    const { body } = answer;
    if (typeof body === 'function') return { ...answer, body: followed(body, cells, end) };
    end();
    if (seen.verb === 'GET' || seen.verb === 'LIST') cells.size.observe(lengthOf(body));
    return answer;
  };
  const aroundWork: Around = async (asked, run) => {
    const cell = families.inFlight.of(isReadOnly(asked.request) ? 'readOnly' : 'mutating');
    cell.add(1);
    try {
      return await run(asked.request);
    } finally {
      cell.add(-1);
    }
  };
  return { around, aroundWork, measures: Object.values(families) };
}

/** The cells of what is asked for often are found at once. */
const mostRemembered = 2_000;

interface Seen {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly scope: string;
  readonly dryRun: string;
  /** Whose events a watch tells. */
  readonly kind: string;
}

interface Counted {
  readonly code: (code: number) => Cell;
  readonly duration: Cell;
  readonly size: Cell;
  readonly running: Cell;
  readonly events: Cell | null;
}

function openFamilies() {
  return {
    requests: openCounter({
      name: 'apiserver_request_total',
      help: 'Requests by verb, dry run, group, version, resource, scope, component and code of the answer.',
      labels: ['verb', 'dry_run', ...place.slice(1), 'code'],
    }),
    durations: openHistogram(
      {
        name: 'apiserver_request_duration_seconds',
        help: 'Seconds until a request was answered; of a watch until its end.',
        labels: ['verb', 'dry_run', ...place.slice(1)],
      },
      secondBounds,
    ),
    sizes: openHistogram(
      {
        name: 'apiserver_response_sizes',
        help: 'Bytes of the answers to requests that read, before they are compressed.',
        labels: place,
      },
      byteBounds,
    ),
    inFlight: openGauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests that are being worked on now, by kind: what only reads, and what changes.',
      labels: ['request_kind'],
    }),
    running: openGauge({
      name: 'apiserver_longrunning_requests',
      help: 'Requests that go on for as long as the client likes, such as watches.',
      labels: place,
    }),
    events: openCounter({
      name: 'apiserver_watch_events_total',
      help: 'Events sent to watching clients, with bookmarks.',
      labels: ['group', 'version', 'kind'],
    }),
  };
}

function openCells(families: ReturnType<typeof openFamilies>, seen: Seen): Counted {
  const { verb, group, version, resource, subresource, scope, dryRun, kind } = seen;
  const where = [group, version, resource, subresource, scope, component];
  const codes = new Map<number, Cell>();
  return {
    code: (code) => {
      const cell = codes.get(code) ?? families.requests.of(verb, dryRun, ...where, String(code));
      codes.set(code, cell);
      return cell;
    },
    duration: families.durations.of(verb, dryRun, ...where),
    size: families.sizes.of(verb, ...where),
    running: families.running.of(verb, ...where),
    events: verb === 'WATCH' && kind !== '' ? families.events.of(group, version, kind) : null,
  };
}

/** Each piece that a watch sends is an event. */
function followed(
  body: Extract<HttpAnswer['body'], (...words: never[]) => unknown>,
  { running, events }: Counted,
  end: () => void,
): HttpAnswer['body'] {
  return async (sink, signal) => {
    running.add(1);
    try {
      await body((bytes) => {
        events?.add();
        return sink(bytes);
      }, signal);
    } finally {
      running.add(-1);
      end();
    }
  };
}

/** What is not there, or not known, has no name of its own: clients could ask for anything. */
function countedFor({ info, request }: Surrounded, kinds: Kinds): Seen {
  const none = { group: '', version: '', resource: '', subresource: '', scope: '', dryRun: '', kind: '' };
  if (info.kind === 'nonResource') {
    return { ...none, verb: methodOf(request), subresource: rootOf(info.path) };
  }
  const resource = kinds.resource(info);
  if (resource === null) return { ...none, verb: methodOf(request) };
  const { group, version, resource: plural } = info;
  const { kind } = resource;
  return {
    ...{ verb: verbOf(info, request), group, version, resource: plural, kind },
    subresource: subresourceOf(info, resource),
    scope: scopeOf(info),
    dryRun: request.query.get('dryRun') === 'All' ? 'All' : '',
  };
}

const connects: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward', 'proxy']);

function verbOf({ verb, subresource }: ResourceRequest, request: HttpRequest): string {
  if (verb === 'proxy' || connects.has(subresource)) return 'CONNECT';
  switch (verb) {
    case 'create':
      return 'POST';
    case 'update':
      return 'PUT';
    case 'patch':
      return request.headers['content-type']?.startsWith('application/apply-patch') ? 'APPLY' : 'PATCH';
    default:
      return verb.toUpperCase();
  }
}

function subresourceOf({ subresource }: ResourceRequest, { subresources }: Resource): string {
  return subresources.some(({ name }) => name === subresource) ? subresource : '';
}

function scopeOf({ name, namespace, verb }: ResourceRequest): string {
  if (name !== '' || verb === 'create') return 'resource';
  return namespace === '' ? 'cluster' : 'namespace';
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function methodOf({ method }: HttpRequest): string {
  return methods.has(method) ? method : 'other';
}

const roots: ReadonlySet<string> = new Set([
  ...['/api', '/apis', '/healthz', '/livez', '/metrics', '/openapi/v2', '/openapi/v3', '/readyz', '/version'],
]);

function rootOf(path: string): string {
  const [first = '', second = ''] = path.split('/').slice(1);
  return [`/${first}`, `/${first}/${second}`].find((root) => roots.has(root)) ?? '';
}

function isReadOnly({ method }: HttpRequest): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
