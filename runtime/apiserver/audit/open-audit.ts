/** Who has asked what, and what came of it, written down by a policy. (k8s.io/apiserver/pkg/endpoints/filters/audit.go) */
import type { Around, Surrounded } from '../http/around.ts';
import type { HttpAnswer, HttpRequest } from '../http/exchange.ts';
import { stringifyJson } from '../objects/json-text.ts';
import { decodeObject } from '../schemas/protobuf/codec.ts';
import type { Registry } from '../schemas/registry.ts';
import { type AuditFile, type AuditFileOptions, openAuditFile } from './audit-file.ts';
import { type AuditedRequest, auditEvent, type Stated } from './event.ts';
import { type AuditPolicy, planAudit, type Stage } from './policy.ts';

export interface AuditOptions extends AuditFileOptions {
  readonly policy: AuditPolicy;
  readonly registry: Registry;
  readonly nowMs: () => number;
  /** Called for every event. */
  readonly onEvent?: () => void;
}

export interface Audit {
  readonly around: Around;
  /** Resolves when all is written. */
  readonly close: () => Promise<void>;
}

export function openAudit(options: AuditOptions): Audit {
  const file = openAuditFile(options);
  return { around: (asked, run) => audited(options, file, asked, run), close: file.close };
}

async function audited(
  options: AuditOptions,
  file: AuditFile,
  asked: Surrounded,
  run: Parameters<Around>[1],
): Promise<HttpAnswer> {
  const { nowMs } = options;
  const plan = planAudit(options.policy, asked.asker, asked.info);
  if (plan.level === 'None') return await run(asked.request);
  const request = describe(asked, plan, nowMs());
  const sees = plan.level === 'Request' || plan.level === 'RequestResponse';
  let body: Uint8Array | null = null;
  const annotations = asked.annotations;
  const say = (stage: Stage, more: Partial<Stated> = {}): void => {
    if (plan.omitStages.has(stage)) return;
    const requestObject = body === null ? undefined : readObject(options.registry, body, asked.request);
    const nothing = { code: null, responseObject: undefined };
    const stated = {
      stage,
      nowMs: nowMs(),
      ...nothing,
      requestObject,
      annotations: { ...annotations },
      ...more,
    };
    options.onEvent?.();
    file.write(stringifyJson(auditEvent(request, stated)));
  };
  say('RequestReceived');
  const answer = await run({
    ...asked.request,
    readBody: async () => {
      const bytes = await asked.request.readBody();
      // Its name stands in the body of what is made.
      if (sees || asked.info.verb === 'create') body = bytes;
      return bytes;
    },
  });
  const { code, body: pieces } = answer;
  if (typeof pieces !== 'function') {
    const isRead = plan.level === 'RequestResponse' || code >= 400;
    say('ResponseComplete', { code, responseObject: isRead ? readAnswer(answer, pieces) : undefined });
    return answer;
  }
  say('ResponseStarted', { code });
  return {
    ...answer,
    body: async (sink, signal) => {
      try {
        await pieces(sink, signal);
      } finally {
        say('ResponseComplete', { code });
      }
    },
  };
}

function describe(
  { request, auditId, info, asker, user }: Surrounded,
  plan: AuditedRequest['plan'],
  receivedMs: number,
): AuditedRequest {
  const query = request.query.toString();
  const uri = query === '' ? request.path : `${request.path}?${query}`;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',');
  const named = [...forwarded.map((one) => one.trim()), request.remoteAddress ?? ''];
  const sourceIps = [...new Set(named.filter((one) => one !== ''))];
  const userAgent = request.headers['user-agent'] ?? '';
  return { plan, auditId, uri, info, asker, user, sourceIps, userAgent, receivedMs };
}

/** What cannot be read is not written down. */
function readObject(registry: Registry, bytes: Uint8Array, { headers }: HttpRequest): unknown {
  if (bytes.length === 0) return undefined;
  const isProtobuf = String(headers['content-type'] ?? '').startsWith('application/vnd.kubernetes.protobuf');
  try {
    return isProtobuf ? decodeObject(registry, bytes) : JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

function readAnswer({ headers }: HttpAnswer, pieces: readonly Uint8Array[]): unknown {
  if (!String(headers['content-type'] ?? '').startsWith('application/json')) return undefined;
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    return undefined;
  }
}
