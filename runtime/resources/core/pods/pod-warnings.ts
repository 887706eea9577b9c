/** What is allowed in a pod, and probably not meant. (pkg/api/pod/warnings.go) Pure. */
import type { PodSpec, Volume } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { warnOfClaimSpec } from '../volumes/claim-spec.ts';
import { allContainers } from './all-containers.ts';
import { warnOfContainers, warnOfFractions } from './container-warnings.ts';
import { warnOfPlacement, warnOfPodAffinity } from './placement-warnings.ts';
import { appArmorPrefix, seccompOfPod, seccompPrefix } from './profile-annotations.ts';

type Texts = Readonly<Record<string, string>>;

/** @param path of the template; '': it is a pod's own */
export function warnOfPodSpec(spec: PodSpec, annotations: Texts, path: string): readonly string[] {
  const field = path === '' ? 'spec' : `${path}.spec`;
  const ofAnnotations = path === '' ? 'metadata.annotations' : `${path}.metadata.annotations`;
  const grace = spec.terminationGracePeriodSeconds;
  return [
    ...warnOfPlacement(spec, field),
    ...Object.entries(oldAnnotations)
      .filter(([key]) => Object.hasOwn(annotations, key))
      .map(([key, why]) => `${ofAnnotations}[${key}]: ${why}`),
    ...warnOfVolumes(spec.volumes ?? [], `${field}.volumes`),
    ...warnOfTokenPaths(spec.volumes ?? [], `${field}.volumes`),
    ...warnOfRepeated(spec, field),
    ...warnOfFractions(spec.overhead, `${field}.overhead`),
    ...warnOfProfiles(spec, annotations, ofAnnotations, path !== ''),
    ...warnOfContainers(spec, field),
    ...(grace !== undefined && grace < 0
      ? [
          `${field}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...warnOfPodAffinity(spec, field),
  ];
}

const oldAnnotations: Texts = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const oldVolumes: readonly (readonly [kind: keyof Volume, name: string, why: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function warnOfVolumes(volumes: readonly Volume[], field: string): readonly string[] {
  return volumes.flatMap((volume, index) => {
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    return [
      ...oldVolumes
        .filter(([kind]) => volume[kind] !== undefined)
        .map(([, name, why]) => `${field}[${index}].${name}: ${why}`),
      ...(claim === undefined
        ? []
        : warnOfClaimSpec(claim, `${field}[${index}].ephemeral.volumeClaimTemplate.spec`)),
    ];
  });
}

/** A token that is written where a file of another source is, or the other way round. */
function warnOfTokenPaths(volumes: readonly Volume[], field: string): readonly string[] {
  const sources = volumes.map(({ projected }) => projected?.sources ?? []);
  const tokens = new Set(sources.flat().flatMap(({ serviceAccountToken: token }) => token?.path ?? []));
  return sources.flatMap((list, index) =>
    list.flatMap(({ configMap, secret, downwardAPI }) => {
      const items = { configMap: configMap?.items, secrets: secret?.items, downwardAPI: downwardAPI?.items };
      return Object.entries(items).flatMap(([name, files]) =>
        (files ?? []).flatMap(({ path }, place) =>
          tokens.has(path)
            ? [
                `${field}[${index}].projected.sources.${name}[${place}]: has duplicated path with ServiceAccountToken ${JSON.stringify(path)}`,
              ]
            : [],
        ),
      );
    }),
  );
}

function warnOfRepeated(spec: PodSpec, field: string): readonly string[] {
  const secrets = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name);
  const aliases = (spec.hostAliases ?? []).map(({ ip }) => ip);
  const repeated = (values: readonly string[], list: string, what: string) => {
    const seen = new Set<string>();
    return values.flatMap((value, index) => {
      const isFirst = !seen.has(value);
      seen.add(value);
      if (isFirst) return [];
      return [`${field}.${list}[${index}].${what}: duplicate ${what} ${JSON.stringify(value)}`];
    });
  };
  return [
    ...repeated(aliases, 'hostAliases', 'ip'),
    ...repeated(secrets, 'imagePullSecrets', 'name'),
    ...secrets.flatMap((name, index) =>
      name === '' ? [`${field}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
    ),
  ];
}

function warnOfProfiles(
  spec: PodSpec,
  annotations: Texts,
  field: string,
  isTemplate: boolean,
): readonly string[] {
  const has = (key: string): boolean => Object.hasOwn(annotations, key);
  const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  const ofPod = spec.securityContext;
  const containers = allContainers(spec, '').flatMap(({ container: { name, securityContext } }) => {
    const [seccompKey, appArmorKey] = [`${seccompPrefix}${name}`, `${appArmorPrefix}${name}`];
    const isOnlyAnnotated =
      isTemplate && (ofPod?.appArmorProfile ?? securityContext?.appArmorProfile) === undefined;
    return [
      ...(securityContext?.seccompProfile === undefined && has(seccompKey)
        ? [`${field}[${seccompKey}]: ${seccomp}`]
        : []),
      ...(isOnlyAnnotated && has(appArmorKey)
        ? [`${field}[${appArmorKey}]: deprecated since v1.30; use the "appArmorProfile" field instead`]
        : []),
    ];
  });
  return [
    ...(ofPod?.seccompProfile === undefined && has(seccompOfPod)
      ? [`${field}[${seccompOfPod}]: ${seccomp}`]
      : []),
    ...containers,
  ];
}
