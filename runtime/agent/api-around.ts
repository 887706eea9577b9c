/** What stands around the requests of the network on this node: the audit where it is wanted, and flow control within it. */
import path from 'node:path';
import { type Audit, openAudit } from '../apiserver/audit/open-audit.ts';
import { aroundRequests } from '../apiserver/flow-control/around-requests.ts';
import { type FlowControl, openFlowControl } from '../apiserver/flow-control/flow-control.ts';
import type { Kinds } from '../apiserver/handlers/kinds.ts';
import { type Around, nested } from '../apiserver/http/around.ts';
import { measureFlows } from '../apiserver/metrics/flow-measures.ts';
import { type Measure, openCounter } from '../apiserver/metrics/measures.ts';
import { measureRequests } from '../apiserver/metrics/request-measures.ts';
import type { ApiObject } from '../apiserver/objects/object-bytes.ts';
import type { RequestInfo } from '../apiserver/request/request-info.ts';
import type {
  FlowSchema,
  PriorityLevelConfiguration,
} from '../apiserver/schemas/generated/types/api-flowcontrol-v1.ts';
import type { Registry } from '../apiserver/schemas/registry.ts';
import { type MirrorHandlers, mirrorObjects } from '../apiserver/storage/mirror.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import { prefixEnd } from '../datastore/state-machine/model.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';

export interface ApiAroundOptions {
  readonly config: ConfigInForce;
  readonly store: Store;
  readonly kinds: Kinds;
  readonly registry: Registry;
  readonly log: Log;
  /** Since 1970. */
  readonly nowMs: () => number;
}

/** As the real server: 400 requests that read and 200 that write, of 60 seconds, a quarter of them for waiting. */
const totalSeats = 600;
const longestWaitMs = 15_000;

export function openApiAround(options: ApiAroundOptions): {
  readonly around: Around;
  readonly measures: readonly Measure[];
  readonly close: () => Promise<void>;
} {
  const flows = measureFlows();
  const control = openFlowControl({
    meter: flows.meter,
    ...{ totalSeats, longestWaitMs, nowMs: () => performance.now() },
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
  });
  const stopFollowing = followFlows(options.store, control);
  const counts = countObjects(options.store, options.kinds);
  const requests = measureRequests(options.kinds, () => performance.now());
  const events = openCounter({
    ...{ name: 'apiserver_audit_event_total', help: 'Events of the audit.', labels: [] },
  });
  const audit = auditOf(options, events.of().add);
  const audited = audit === null ? [] : [audit.around];
  const around = [requests.around, ...audited, aroundRequests(control, counts), requests.aroundWork];
  return {
    around: nested(around),
    measures: [...requests.measures, ...flows.measures, events],
    close: async () => {
      stopFollowing();
      await audit?.close();
    },
  };
}

function auditOf({ config, registry, log, nowMs }: ApiAroundOptions, onEvent: () => void): Audit | null {
  const { audit } = config.api;
  if (audit === undefined) return null;
  const { policy, maxSizeBytes, maxFiles } = audit;
  return openAudit({
    ...{ policy, registry, nowMs, onEvent },
    file: audit.file ?? path.join(config.dataDirectory, 'audit', 'audit.log'),
    ...{ mostBytes: maxSizeBytes, mostFiles: maxFiles },
    onFault: (sentence) => log.error(sentence),
  });
}

/** What the cluster has takes the place of what every server begins with. */
function followFlows(store: Store, control: FlowControl): () => void {
  const schemas = new Map<string, FlowSchema>();
  const levels = new Map<string, PriorityLevelConfiguration>();
  const configure = (): void => {
    if (levels.size > 0) control.configure([...schemas.values()], [...levels.values()]);
  };
  const into = (map: Map<string, unknown>): MirrorHandlers => ({
    onPut: (object: ApiObject) => {
      map.set(object.metadata.name ?? '', object);
      configure();
    },
    onRemove: ({ metadata: { name = '' } }) => {
      map.delete(name);
      configure();
    },
  });
  const mirrors = [
    mirrorObjects(store, '/registry/flowschemas/', into(schemas)),
    mirrorObjects(store, '/registry/prioritylevelconfigurations/', into(levels)),
  ];
  return () => {
    for (const mirror of mirrors) mirror.close();
  };
}

const recountMs = 60_000;

/** How many objects a resource has: counted when somebody lists it, and good for a while. */
function countObjects(store: Store, kinds: Kinds): (info: RequestInfo) => number | null {
  const known = new Map<string, { count: number | null; atMs: number }>();
  return (info) => {
    if (info.kind !== 'resource' || info.verb !== 'list') return null;
    const prefix = kinds.resource(info)?.storage?.prefix;
    if (prefix === undefined) return null;
    const last = known.get(prefix);
    if (last !== undefined && performance.now() - last.atMs < recountMs) return last.count;
    const next = { count: last?.count ?? null, atMs: performance.now() };
    known.set(prefix, next);
    const key = Buffer.from(prefix);
    const counting = store.range({ key, end: prefixEnd(key), countOnly: true });
    // Until it is known a list is one like any other request.
    counting.then(
      ({ count }) => {
        next.count = count;
      },
      () => {},
    );
    return next.count;
  };
}
