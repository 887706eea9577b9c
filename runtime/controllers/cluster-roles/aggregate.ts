/**
 * Roles that are made up of others, such as admin, edit and view: their rules are those of every role that their selectors find.
 * (pkg/controller/clusterroleaggregation)
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt } from '../../apiserver/objects/read-path.ts';
import type { LabelSelector } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import { selects } from '../../resources/checks/selection.ts';
import { keyOf, placeIn, resources } from '../client/places.ts';
import { perform, type Write } from '../client/writes.ts';
import type { ControllerContext } from '../controller-context.ts';
import { runController } from '../machinery/controller.ts';

export interface ObservedRole {
  /** null where there is none any more */
  readonly role: ApiObject | null;
  readonly all: readonly ApiObject[];
}

export function planAggregation({ role, all }: ObservedRole): readonly Write[] {
  if (role === null || !isAggregated(role)) return [];
  const rules = gatherRules(role, all);
  if (isDeepStrictEqual(rules, listAt(role, 'rules'))) return [];
  const { name = '' } = role.metadata;
  const body = { kind: 'ClusterRole', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name }, rules };
  const place = placeIn(resources.clusterRoles, { name });
  return [{ kind: 'patch', place, patch: { kind: 'apply', force: true, body } }];
}

/** Selector by selector, roles in the order of their names, each rule once. */
function gatherRules(role: ApiObject, all: readonly ApiObject[]): readonly unknown[] {
  const sorted = [...all].sort((a, b) => (String(a.metadata.name) < String(b.metadata.name) ? -1 : 1));
  const rules: unknown[] = [];
  for (const selector of listAt(
    role,
    'aggregationRule',
    'clusterRoleSelectors',
  ) as readonly LabelSelector[]) {
    for (const other of sorted) {
      const isOther = other.metadata.name !== role.metadata.name;
      if (!isOther || selects(selector, other.metadata.labels) !== true) continue;
      for (const rule of listAt(other, 'rules')) {
        if (!rules.some((one) => isDeepStrictEqual(one, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

function isAggregated(role: ApiObject): boolean {
  return isSet(role, 'aggregationRule');
}

export function runAggregation(context: ControllerContext): void {
  const client = context.clientOf('clusterrole-aggregation-controller');
  const roles = context.informers.of(resources.clusterRoles);
  // A role may go into any of them, and by its labels of yesterday into others than by those of today.
  const keysOf = (): readonly string[] => roles.lister.all().filter(isAggregated).map(keyOf);
  runController(
    {
      name: 'cluster roles',
      workers: 1,
      sources: [{ informer: roles, keysOf }],
      observe: (key): ObservedRole => ({ role: roles.lister.byKey(key), all: roles.lister.all() }),
      plan: planAggregation,
      act: (write: Write) => perform(client, write),
    },
    context,
  );
}
