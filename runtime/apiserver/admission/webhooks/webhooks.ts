/**
 * Policies of others, asked over HTTPS. (k8s.io/apiserver/pkg/admission/plugin/webhook)
 */
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { ResolveService } from '../../outgoing/ask-webhook.ts';
import { applyJsonPatch, PatchError } from '../../patch/json-patch.ts';
import type { Resource } from '../../resources/resource.ts';
import { isSameJson, type JsonObject } from '../../schemas/protobuf/json-value.ts';
import { ApiError } from '../../status.ts';
import type { Asked, Plugin } from '../plugin.ts';
import type { ReadResource, Reads } from '../reads.ts';
import { CallError, callWebhook } from './call.ts';
import { checkConditions, type EvaluateCondition } from './conditions.ts';
import { callFailed, denied, noDryRun } from './denial.ts';
import { matchesNamespace } from './match-namespace.ts';
import { isExempt, matchesSelector, matchRules } from './match-rules.ts';
import { ReviewError, readVerdict, reviewRequest, type Verdict } from './review.ts';
import { type Webhook, webhooksOf } from './webhook.ts';

export interface WebhookOptions {
  readonly reads: Reads;
  readonly resolve: ResolveService;
  readonly evaluate: EvaluateCondition;
  /** The same objects in other versions. */
  readonly equivalents: (resource: Resource) => readonly Resource[];
  readonly convert: (object: ApiObject, from: Resource, to: Resource) => Promise<ApiObject>;
  /** As Go writes it, with what is filled in. @throws ApiError */
  readonly normalize: (resource: Resource, object: ApiObject) => ApiObject;
  readonly makeUid: () => string;
}

interface Call {
  readonly webhook: Webhook;
  /** In which version it wants the object. */
  readonly resource: Resource;
}

export function webhookPlugins(options: WebhookOptions): { mutating: Plugin; validating: Plugin } {
  return {
    mutating: { mutate: (asked) => mutateAll(options, asked) },
    validating: { validate: (asked) => validateAll(options, asked) },
  };
}

/** One after the other, each with what those before it have made. */
async function mutateAll(options: WebhookOptions, asked: Asked): Promise<ApiObject | null> {
  const webhooks = await configured(options, 'mutating', asked);
  let { object } = asked;
  const settled = new Map<Webhook, ApiObject | null>();
  for (const webhook of webhooks) {
    object = await mutateBy(options, webhook, { ...asked, object });
    settled.set(webhook, object);
  }
  // Whoever wants to see what others have made of it is asked once more.
  for (const webhook of webhooks) {
    if (webhook.reinvocationPolicy !== 'IfNeeded' || settled.get(webhook) === object) continue;
    object = await mutateBy(options, webhook, { ...asked, object });
  }
  return object;
}

async function mutateBy(options: WebhookOptions, webhook: Webhook, asked: Asked): Promise<ApiObject | null> {
  const { object } = asked;
  const call = await matching(options, webhook, asked);
  const verdict = call === null ? null : await ask(options, call, asked);
  if (call === null || verdict === null || verdict.patch === null || object === null) return object;
  try {
    const before = await versioned(options, asked.resource, call.resource, object);
    const patched = applyJsonPatch(before as JsonObject, verdict.patch) as unknown as ApiObject;
    const back = (await versioned(options, call.resource, asked.resource, patched)) as ApiObject;
    const next = options.normalize(asked.resource, back);
    return isSameJson(next as JsonObject, object as JsonObject) ? object : next;
  } catch (error) {
    if (!(error instanceof PatchError)) throw error;
    throw new ApiError('InternalError', `Internal error occurred: ${error.message}`);
  }
}

/** All at a time; the first in order says why not. */
async function validateAll(options: WebhookOptions, asked: Asked): Promise<void> {
  const webhooks = await configured(options, 'validating', asked);
  const all = await Promise.allSettled(
    webhooks.map(async (webhook) => {
      const call = await matching(options, webhook, asked);
      if (call !== null) await ask(options, call, asked);
    }),
  );
  const failed = all.find((one) => one.status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

const resources: Readonly<Record<Webhook['sort'], ReadResource>> = {
  mutating: 'mutatingWebhooks',
  validating: 'validatingWebhooks',
};

async function configured(
  { reads }: WebhookOptions,
  sort: Webhook['sort'],
  asked: Asked,
): Promise<readonly Webhook[]> {
  return isExempt(asked) ? [] : webhooksOf(sort, await reads.list(resources[sort], ''));
}

/** Null where the webhook is not about this. @throws ApiError where that cannot be told, or it must not be asked */
async function matching(options: WebhookOptions, webhook: Webhook, asked: Asked): Promise<Call | null> {
  const { rules, matchPolicy, namespaceSelector, objectSelector, matchConditions } = webhook;
  const others = matchPolicy === 'Equivalent' ? options.equivalents(asked.resource) : [];
  const resource = matchRules(rules, asked, others);
  if (resource === null) return null;
  if (!(await matchesNamespace(options.reads, namespaceSelector, asked))) return null;
  const labelled = [asked.object, asked.old].filter((one) => one !== null);
  const isSelected = labelled.some(({ metadata }) => matchesSelector(objectSelector, metadata?.labels ?? {}));
  if (labelled.length > 0 && !isSelected) return null;
  const outcome = await checkConditions(matchConditions, asked, options.evaluate);
  if (outcome.kind === 'not') return null;
  if (outcome.kind === 'failed') {
    if (webhook.failurePolicy === 'Ignore') return null;
    throw callFailed(webhook.name, outcome.why);
  }
  const hasSideEffects = webhook.sideEffects !== 'None' && webhook.sideEffects !== 'NoneOnDryRun';
  if (asked.dryRun && hasSideEffects) throw noDryRun(webhook.name);
  return { webhook, resource };
}

/** Null where it cannot be asked and that does not matter. @throws ApiError */
async function ask(options: WebhookOptions, call: Call, asked: Asked): Promise<Verdict | null> {
  const { webhook } = call;
  const verdict = await verdictOf(options, call, asked).catch((error: unknown) => {
    if (!(error instanceof CallError) && !(error instanceof ReviewError)) throw error;
    if (webhook.failurePolicy === 'Ignore') return null;
    throw callFailed(webhook.name, error.message);
  });
  if (verdict === null) return null;
  for (const sentence of verdict.warnings) asked.warn(sentence);
  for (const [key, value] of verdict.auditAnnotations) asked.annotate(`${webhook.name}/${key}`, value);
  if (!verdict.isAllowed) throw denied(webhook.name, verdict.result);
  return verdict;
}

async function verdictOf(
  options: WebhookOptions,
  { webhook, resource }: Call,
  asked: Asked,
): Promise<Verdict> {
  const uid = options.makeUid();
  const object = await versioned(options, asked.resource, resource, asked.object);
  const old = await versioned(options, asked.resource, resource, asked.old);
  const review = reviewRequest(uid, asked, { resource, object, old });
  const answer = await callWebhook(webhook, options.resolve, review);
  return readVerdict(uid, answer, webhook.sort === 'mutating');
}

/** What has a kind of its own, such as a scale, is the same in all versions. */
async function versioned(
  { convert }: WebhookOptions,
  from: Resource,
  to: Resource,
  object: ApiObject | null,
): Promise<ApiObject | null> {
  if (object === null || from === to || object.kind !== from.kind) return object;
  return await convert(object, from, to);
}
