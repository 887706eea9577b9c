/** What of the requests to the Kubernetes API is written down: an `audit.k8s.io/v1` Policy, as files for kube-apiserver have it. */
import * as z from 'zod';

const stageSchema = z.enum(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic']);
const words = z.array(z.string()).default([]);
const mostRules = 1_000;

const ruleSchema = z.strictObject({
  level: z.enum(['None', 'Metadata', 'Request', 'RequestResponse']),
  users: words,
  userGroups: words,
  verbs: words,
  resources: z
    .array(z.strictObject({ group: z.string().default(''), resources: words, resourceNames: words }))
    .default([]),
  namespaces: words,
  nonResourceURLs: words,
  omitStages: z.array(stageSchema).default([]),
  omitManagedFields: z.boolean().optional(),
});

const policySchema = z.strictObject({
  apiVersion: z.literal('audit.k8s.io/v1').optional(),
  kind: z.literal('Policy').optional(),
  metadata: z.looseObject({}).optional(),
  /** The first that is about a request decides. */
  rules: z.array(ruleSchema).min(1).max(mostRules),
  omitStages: z.array(stageSchema).default([]),
  omitManagedFields: z.boolean().default(false),
});

export const auditSchema = z.strictObject({
  policy: policySchema,
  /** Where the lines go; `audit/audit.log` in the data directory when absent. */
  file: z.string().regex(/^\//, 'must be an absolute path, such as /var/log/trivet/audit.log').optional(),
  /** A file that is so long makes way for the next. */
  maxSizeBytes: z
    .int()
    .min(65_536)
    .max(1_073_741_824)
    .default(16 * 1024 * 1024),
  /** Full files that are kept. */
  maxFiles: z.int().min(0).max(1_000).default(4),
});
