/** Our OpenAPI definitions against the document that Kubernetes 1.30 gave: what differs is what changed since. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { readGenerated } from '../../../runtime/apiserver/schemas/generated-files.ts';
import { unpacked } from '../../../runtime/apiserver/schemas/openapi.ts';
import { openCache } from '../../cache/cache.ts';
import { provideSources } from '../sources.ts';
import type { Schema, Swagger } from './document.ts';

const sources = await provideSources(openCache(), { offline: false });
const before = JSON.parse(readFileSync(sources.swagger, 'utf8')) as Swagger;
const now = JSON.parse(unpacked(readGenerated('openapi-v2.json.gz')).toString('utf8')) as Swagger;

/** The document of 1.30 was written without the values of enumerations, which servers give. */
function withoutEnumerations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEnumerations);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, item]) => key !== 'enum' || !Array.isArray(item));
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key,
      key === 'description' && typeof item === 'string'
        ? item.replace(/\n\nPossible enum values:[\s\S]*$/, '')
        : withoutEnumerations(item),
    ]),
  );
}

/** Places at which two values differ. */
function differences(a: unknown, b: unknown, place: string): readonly string[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  const areObjects = [a, b].every(
    (item) => typeof item === 'object' && item !== null && !Array.isArray(item),
  );
  if (!areObjects) return [place];
  const [left, right] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return keys.flatMap((key) => differences(left[key], right[key], `${place} ${key}`));
}

/** As of the release notes of 1.31 and 1.32: fields that are new or gone, and requirements and list types put right. */
const changedSince130 = [
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingList required',
  'admissionregistration.v1.ValidatingAdmissionPolicyList required',
  'authorization.v1.ResourceAttributes properties fieldSelector',
  'authorization.v1.ResourceAttributes properties labelSelector',
  'coordination.v1.LeaseSpec properties preferredHolder',
  'coordination.v1.LeaseSpec properties strategy',
  'core.v1.ContainerStatus properties allocatedResourcesStatus',
  'core.v1.ContainerStatus properties user',
  'core.v1.HostIP required',
  'core.v1.NodeRuntimeHandlerFeatures properties userNamespaces',
  'core.v1.NodeStatus properties features',
  'core.v1.PodIP required',
  'core.v1.PodResourceClaim properties resourceClaimName',
  'core.v1.PodResourceClaim properties resourceClaimTemplateName',
  'core.v1.PodResourceClaim properties source',
  'core.v1.PodSecurityContext properties seLinuxChangePolicy',
  'core.v1.PodSecurityContext properties supplementalGroupsPolicy',
  'core.v1.PodSpec properties resources',
  'core.v1.ResourceClaim properties request',
  'core.v1.Volume properties image',
  'networking.v1.ServiceBackendPort x-kubernetes-map-type',
  'meta.v1.DeleteOptions properties ignoreStoreReadErrorWithClusterBreakingPotential',
  'meta.v1.DeleteOptions x-kubernetes-group-version-kind',
  'meta.v1.Status x-kubernetes-group-version-kind',
  'meta.v1.WatchEvent x-kubernetes-group-version-kind',
];

t.test('definitions differ from those of Kubernetes 1.30 only in what changed since', async (t) => {
  const names = Object.keys(now.definitions).filter((name) => before.definitions[name] !== undefined);
  t.ok(names.length > 400, `${names.length} definitions`);
  const found = names.flatMap((name) =>
    differences(before.definitions[name], withoutEnumerations(now.definitions[name]), name),
  );
  const short = found.map((place) => place.replace(/^io\.k8s\.(api|apimachinery\.pkg\.apis)\./, ''));
  // Upstream worked on its words, and marks of features that have grown up are gone.
  const described = short.filter((place) => place.endsWith(' description'));
  t.ok(described.length < 100, `${described.length} descriptions changed`);
  t.same(short.filter((place) => !place.endsWith(' description')).sort(), [...changedSince130].sort());
});

t.test('an enumeration has its values and says what they mean', async (t) => {
  const container = now.definitions['io.k8s.api.core.v1.Container']!.properties!.imagePullPolicy as Schema;
  t.same(container.enum, ['Always', 'IfNotPresent', 'Never']);
  t.match(
    container.description,
    /\n\nPossible enum values:\n - `"Always"` means that kubelet always attempts to pull the latest image\. Container will fail If the pull fails\.\n - `"IfNotPresent"` means/,
  );
});

t.test('every definition that is referred to is there', async (t) => {
  const referred = [...JSON.stringify(now).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name!);
  t.same(
    [...new Set(referred)].filter((name) => now.definitions[name] === undefined),
    [],
  );
});
