/**
 * All policies of the server in their order, made once, and held against every write of every user.
 * (pkg/kubeapiserver/options/plugins.go)
 */
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Access } from '../http/api-server.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { celConditions } from './expressions/evaluate-condition.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import type { Asked, Plugin } from './plugin.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import type { FindParams } from './policies/params.ts';
import { admissionPolicies } from './policies/policy-plugin.ts';
import { priority } from './priority.ts';
import type { Reads } from './reads.ts';
import { type QuotaStore, resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import {
  defaultTolerationSeconds,
  protectVolumes,
  refuseClaimResize,
  taintNewNodes,
} from './small-plugins.ts';
import { type WebhookOptions, webhookPlugins } from './webhooks/webhooks.ts';

export interface AdmissionOptions {
  readonly reads: Reads;
  /** Resolves when this node knows the rules. */
  readonly authorizer: () => Promise<Authorizer>;
  readonly quotas: QuotaStore;
  readonly webhooks: Omit<WebhookOptions, 'reads' | 'evaluate'>;
  readonly findParams: FindParams;
  /** Five characters behind a name. */
  readonly makeSuffix: () => string;
  /** Before something is looked for again that is a moment late. */
  readonly wait: () => Promise<void>;
  /** Beside those: asked before what speaks to others. */
  readonly more: readonly Plugin[];
}

export function openAdmission(options: AdmissionOptions): Access['admission'] {
  const plugins = pluginsOf(options);
  return (user, annotate) => ({
    mutate: async (request) =>
      ((await mutateAll(plugins, { ...request, user, annotate })) ?? request.object) as ApiObject,
    validate: async (request) => {
      const asked = { ...request, user, annotate };
      const { operation } = asked;
      // Such a request has nothing to be changed, and is asked about once.
      if (operation === 'DELETE' || operation === 'CONNECT') await mutateAll(plugins, asked);
      for (const { validate } of plugins) await validate?.(asked);
    },
  });
}

async function mutateAll(plugins: readonly Plugin[], asked: Asked): Promise<ApiObject | null> {
  let { object } = asked;
  for (const { mutate } of plugins) {
    if (mutate !== undefined) object = await mutate({ ...asked, object });
  }
  return object;
}

function pluginsOf(options: AdmissionOptions): readonly Plugin[] {
  const { reads, authorizer, quotas, more } = options;
  const evaluate = celConditions(authorizer);
  const { mutating, validating } = webhookPlugins({ ...options.webhooks, reads, evaluate });
  const { equivalents } = options.webhooks;
  return [
    namespaceLifecycle(reads),
    limitRanger(reads),
    serviceAccount(options),
    nodeRestriction(reads),
    taintNewNodes,
    podSecurity(reads),
    priority(reads),
    defaultTolerationSeconds,
    defaultStorageClass(reads),
    protectVolumes,
    refuseClaimResize(reads),
    runtimeClass(reads),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(reads),
    ...more,
    mutating,
    admissionPolicies({ reads, authorizer, equivalents, findParams: options.findParams }),
    validating,
    // Last: what another refuses uses up nothing.
    resourceQuota(reads, quotas),
  ];
}
