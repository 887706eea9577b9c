/** Leases. (pkg/apis/coordination, pkg/registry/coordination/lease) Pure. */
import { dnsSubdomain } from '../../apiserver/objects/name-rules.ts';
import type { Lease } from '../../apiserver/schemas/generated/types/api-coordination-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { withChanged } from '../meta/fill-in.ts';

export const leases = kindStrategy<Lease>({
  ...{ name: dnsSubdomain, countsGenerations: false, hasStatus: false },
  takesPlainFinalizers: true,
  ...{ createsOnUpdate: true, needsVersion: true },
  prepareCreate: withoutStrategy,
  prepareUpdate: (next, old) =>
    old.spec?.strategy === undefined && old.spec?.preferredHolder === undefined
      ? withoutStrategy(next)
      : next,
  check: ({ spec }) => checkSpec(spec ?? {}),
});

/** How a leader is chosen is an alpha of 1.32 that is off. */
function withoutStrategy(lease: Lease): Lease {
  return withChanged(lease, {
    spec: ({ strategy: _, preferredHolder: __, ...others }) => others,
  });
}

function checkSpec({
  leaseDurationSeconds: duration,
  leaseTransitions: transitions,
}: NonNullable<Lease['spec']>): FieldError[] {
  return [
    ...(typeof duration === 'number' && duration <= 0
      ? [invalidValue('spec.leaseDurationSeconds', duration, 'must be greater than 0')]
      : []),
    ...(typeof transitions === 'number' && transitions < 0
      ? [invalidValue('spec.leaseTransitions', transitions, 'must be greater than or equal to 0')]
      : []),
  ];
}
