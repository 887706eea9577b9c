/** Which secrets a pod may use, as far as its service account says so. Pure. */
import { podReferences } from '../authorization/pod-references.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import type { Container, Pod, ServiceAccount } from '../schemas/generated/types/api-core-v1.ts';

const enforcedBy = 'kubernetes.io/enforce-mountable-secrets';
/** As Go's `strconv.ParseBool`. */
const yes: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** What a node reports of a pod of its own reaches nothing of the cluster. @returns why not, or null */
export function checkMirrorPod(pod: Pod): string | null {
  const { spec } = pod;
  if ((spec?.serviceAccountName ?? '') !== '') return 'a mirror pod may not reference service accounts';
  if (podReferences(pod as unknown as ApiObject).secrets.length > 0) {
    return 'a mirror pod may not reference secrets';
  }
  const sources = (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) {
    return 'a mirror pod may not use ServiceAccountToken volume projections';
  }
  if (sources.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)) {
    return 'a mirror pod may not use ClusterTrustBundle volume projections';
  }
  return null;
}

/** @returns why not, or null */
export function checkSecrets({ spec }: Pod, account: ServiceAccount): string | null {
  const { metadata, secrets = [], imagePullSecrets = [] } = account;
  if (spec === undefined || !yes.has(metadata?.annotations?.[enforcedBy] ?? '')) return null;
  const mountable = new Set(secrets.map(({ name }) => name));
  const pullable = new Set(imagePullSecrets.map(({ name }) => name));
  const owner = metadata?.name ?? '';
  const because = `is not allowed because service account ${owner} does not reference that`;
  const volume = (spec.volumes ?? []).find(({ secret }) => secret && !mountable.has(secret.secretName));
  if (volume !== undefined) {
    return `volume with secret.secretName="${volume.secret?.secretName ?? ''}" ${because} secret`;
  }
  const containers: readonly (readonly [string, readonly Container[]])[] = [
    ['init container', spec.initContainers ?? []],
    ['container', spec.containers],
    ['ephemeral container', (spec.ephemeralContainers ?? []) as readonly Container[]],
  ];
  for (const [what, container] of containers.flatMap(([what, list]) =>
    list.map((one) => [what, one] as const),
  )) {
    const name = container.name ?? '';
    const variable = (container.env ?? []).find(
      ({ valueFrom }) => valueFrom?.secretKeyRef && !mountable.has(valueFrom.secretKeyRef.name),
    );
    if (variable !== undefined) {
      const secret = variable.valueFrom?.secretKeyRef?.name ?? '';
      return `${what} ${name} with envVar ${variable.name} referencing secret.secretName="${secret}" ${because} secret`;
    }
    const source = (container.envFrom ?? []).find(
      ({ secretRef }) => secretRef && !mountable.has(secretRef.name),
    );
    if (source !== undefined) {
      return `${what} ${name} with envFrom referencing secret.secretName="${source.secretRef?.name ?? ''}" ${because} secret`;
    }
  }
  const pulls = spec.imagePullSecrets ?? [];
  const pull = pulls.findIndex(({ name }) => !pullable.has(name));
  if (pull < 0) return null;
  return `imagePullSecrets[${pull}].name="${pulls[pull]?.name ?? ''}" ${because} imagePullSecret`;
}
