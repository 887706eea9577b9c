/** Ingress classes. (pkg/apis/networking, pkg/registry/networking/ingressclass) Pure. */
import { dnsLabel, dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type {
  IngressClass,
  IngressClassParametersReference,
} from '../../apiserver/schemas/generated/types/api-networking-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { domainPrefixedPath } from '../checks/domain-names.ts';
import { immutable } from '../checks/fields.ts';
import { forbiddenField, notSupported, required, tooLong } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkName, when } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { checkReference } from './ingress-backends.ts';

const longestController = 250;
const scopes = ['Cluster', 'Namespace'];

export const ingressClasses = kindStrategy<IngressClass>({
  ...{ name: dnsSubdomain, countsGenerations: true, hasStatus: false },
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) =>
        withChanged(spec, { parameters: (found) => ({ ...found, scope: found.scope ?? 'Cluster' }) }),
    }),
  check: ({ spec }) => checkSpec(spec?.controller ?? '', spec?.parameters),
  checkUpdate: (next, old) =>
    immutable(next.spec?.controller ?? '', old.spec?.controller ?? '', 'spec.controller'),
});

function checkSpec(
  controller: string,
  parameters: IngressClassParametersReference | undefined,
): FieldError[] {
  const field = 'spec.controller';
  return [
    ...when(controller.length > longestController, tooLong(field, longestController)),
    ...domainPrefixedPath(controller, field),
    ...(parameters ? checkReference(parameters, 'spec.parameters') : []),
    ...(parameters ? checkScope(parameters, 'spec.parameters') : []),
  ];
}

function checkScope(
  { scope, namespace }: IngressClassParametersReference,
  field: string,
): readonly FieldError[] {
  const at = `${field}.namespace`;
  const hasNamespace = namespace !== undefined && namespace !== null;
  switch (scope ?? null) {
    case null:
      return [required(`${field}.scope`)];
    case 'Cluster':
      return when(hasNamespace, forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
    case 'Namespace':
      if (!hasNamespace) return [required(at, "`parameters.scope` is set to 'Namespace'")];
      return checkName(dnsLabel, namespace, at);
    default:
      return [notSupported(`${field}.scope`, scope, scopes)];
  }
}
