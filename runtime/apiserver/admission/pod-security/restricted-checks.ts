/** What the best practice of hardening asks for beyond that. (k8s.io/pod-security-admission/policy) Pure. */
import type { Container, PodSpec, Volume } from '../../schemas/generated/types/api-core-v1.ts';
import { checkSeccomp } from './baseline-checks.ts';
import type { Check } from './checks.ts';
import { containersOf, distinct, nameAll, plural, quoteAll, settersOf, type Violation } from './words.ts';

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: 8,
    check: ({ spec }, version) => unlessWindows(spec, version, checkEscalation),
  },
  {
    id: 'capabilities_restricted',
    since: 22,
    check: ({ spec }, version) => unlessWindows(spec, version, checkDropped),
  },
  { id: 'restrictedVolumes', since: 0, check: ({ spec }) => checkVolumes(spec) },
  { id: 'runAsNonRoot', since: 0, check: ({ spec }) => checkNonRoot(spec) },
  { id: 'runAsUser', since: 23, check: ({ spec }) => checkUser(spec) },
  {
    id: 'seccompProfile_restricted',
    since: 19,
    check: ({ spec }, version) => unlessWindows(spec, version, checkProfile),
  },
];

/** Windows has no such thing, as the checks know since 1.25. */
function unlessWindows(
  spec: PodSpec,
  version: number,
  check: (spec: PodSpec) => Violation | null,
): Violation | null {
  return version >= 25 && spec.os?.name === 'windows' ? null : check(spec);
}

function checkEscalation(spec: PodSpec): Violation | null {
  const bad = containersOf(spec).filter(
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  if (bad.length === 0) return null;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${nameAll(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

function checkDropped(spec: PodSpec): Violation | null {
  const of = ({ securityContext }: Container) => securityContext?.capabilities;
  const keeping = containersOf(spec).filter((one) => of(one)?.drop?.includes('ALL') !== true);
  const added = (one: Container): readonly string[] =>
    (of(one)?.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE');
  const adding = containersOf(spec).filter((one) => added(one).length > 0);
  const names = quoteAll(distinct(adding.flatMap(added)));
  const details = [
    ...(keeping.length === 0
      ? []
      : [`${nameAll(keeping)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...(adding.length === 0
      ? []
      : [`${nameAll(adding)} must not include ${names} in securityContext.capabilities.add`]),
  ];
  return details.length === 0 ? null : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

const allowedVolumes: ReadonlySet<string> = new Set([
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim'],
  ...['projected', 'secret', 'image'],
]);

function checkVolumes({ volumes = [] }: PodSpec): Violation | null {
  const typeOf = (volume: Volume): string =>
    Object.keys(volume).find((key) => key !== 'name' && volume[key as keyof Volume] !== undefined) ??
    'unknown';
  const bad = volumes.filter((volume) => !allowedVolumes.has(typeOf(volume)));
  if (bad.length === 0) return null;
  const types = distinct(bad.map(typeOf));
  const verb = bad.length === 1 ? 'uses' : 'use';
  const names = `${plural('volume', bad.length)} ${quoteAll(bad.map(({ name }) => name ?? ''))}`;
  return {
    reason: 'restricted volume types',
    detail: `${names} ${verb} ${plural('restricted volume type', types.length)} ${quoteAll(types)}`,
  };
}

function checkNonRoot(spec: PodSpec): Violation | null {
  const ofPod = spec.securityContext?.runAsNonRoot;
  const of = ({ securityContext }: Container): boolean | undefined => securityContext?.runAsNonRoot;
  const reason = 'runAsNonRoot != true';
  const bad = containersOf(spec).filter((one) => of(one) === false);
  if (ofPod === false || bad.length > 0) {
    const setters = settersOf(ofPod === false, bad);
    return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  }
  const silent = containersOf(spec).filter((one) => of(one) === undefined);
  if (ofPod === true || silent.length === 0) return null;
  return { reason, detail: `pod or ${nameAll(silent)} must set securityContext.runAsNonRoot=true` };
}

function checkUser(spec: PodSpec): Violation | null {
  const isRoot = (user: number | bigint | undefined): boolean => user !== undefined && Number(user) === 0;
  const isPod = isRoot(spec.securityContext?.runAsUser);
  const bad = containersOf(spec).filter(({ securityContext }) => isRoot(securityContext?.runAsUser));
  if (!isPod && bad.length === 0) return null;
  return { reason: 'runAsUser=0', detail: `${settersOf(isPod, bad)} must not set runAsUser=0` };
}

function checkProfile(spec: PodSpec): Violation | null {
  const wrong = checkSeccomp(spec);
  if (wrong !== null) return wrong;
  const silent = containersOf(spec).filter(
    ({ securityContext }) => securityContext?.seccompProfile?.type === undefined,
  );
  if (spec.securityContext?.seccompProfile?.type !== undefined || silent.length === 0) return null;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${nameAll(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
}
