/** Webhooks as their configurations name them. Pure. */
import type { ApiObject } from '../../objects/object-bytes.ts';
import { listAt } from '../../objects/read-path.ts';
import type {
  MatchCondition,
  RuleWithOperations,
  WebhookClientConfig,
} from '../../schemas/generated/types/api-admissionregistration-v1.ts';
import type { JsonObject } from '../../schemas/protobuf/json-value.ts';

export interface Webhook {
  readonly name: string;
  readonly sort: 'mutating' | 'validating';
  /** Tells it from others of the same name. */
  readonly configuration: string;
  readonly clientConfig: WebhookClientConfig;
  readonly rules: readonly RuleWithOperations[];
  readonly failurePolicy: 'Ignore' | 'Fail';
  readonly matchPolicy: 'Exact' | 'Equivalent';
  readonly namespaceSelector: JsonObject | undefined;
  readonly objectSelector: JsonObject | undefined;
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly reinvocationPolicy: 'Never' | 'IfNeeded';
  readonly matchConditions: readonly MatchCondition[];
}

const usual = {
  ...{ failurePolicy: 'Fail', matchPolicy: 'Equivalent', sideEffects: 'Unknown', timeoutSeconds: 10 },
  ...{ reinvocationPolicy: 'Never', rules: [], matchConditions: [], clientConfig: {} },
} as const;

/** In the order in which they are called. @param configurations of one sort */
export function webhooksOf(sort: Webhook['sort'], configurations: readonly ApiObject[]): readonly Webhook[] {
  const nameOf = ({ metadata }: ApiObject): string => metadata.name ?? '';
  const ordered = [...configurations].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return ordered.flatMap((configuration) =>
    listAt(configuration, 'webhooks').map(
      (one) =>
        ({
          ...usual,
          ...(one as Partial<Webhook> & { name: string }),
          sort,
          configuration: nameOf(configuration),
        }) as Webhook,
    ),
  );
}
