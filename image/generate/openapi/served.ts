/** The group-versions that the API server has, in the order of its discovery document; each is a document of its own. */

export const servedGroupVersions: readonly { readonly group: string; readonly version: string }[] = [
  { group: '', version: 'v1' },
  { group: 'apiregistration.k8s.io', version: 'v1' },
  { group: 'apps', version: 'v1' },
  { group: 'events.k8s.io', version: 'v1' },
  { group: 'authentication.k8s.io', version: 'v1' },
  { group: 'authorization.k8s.io', version: 'v1' },
  { group: 'autoscaling', version: 'v2' },
  { group: 'autoscaling', version: 'v1' },
  { group: 'batch', version: 'v1' },
  { group: 'certificates.k8s.io', version: 'v1' },
  { group: 'networking.k8s.io', version: 'v1' },
  { group: 'policy', version: 'v1' },
  { group: 'rbac.authorization.k8s.io', version: 'v1' },
  { group: 'storage.k8s.io', version: 'v1' },
  { group: 'admissionregistration.k8s.io', version: 'v1' },
  { group: 'apiextensions.k8s.io', version: 'v1' },
  { group: 'scheduling.k8s.io', version: 'v1' },
  { group: 'coordination.k8s.io', version: 'v1' },
  { group: 'node.k8s.io', version: 'v1' },
  { group: 'discovery.k8s.io', version: 'v1' },
  { group: 'flowcontrol.apiserver.k8s.io', version: 'v1' },
];

/** The places of OpenAPI documents that are no group-version's. */
const commonDocuments = ['.well-known/openid-configuration', 'api', 'apis', 'openid/v1/jwks', 'version'];

/** `apis/apps/v1`, or `api/v1`. */
function groupVersionDocument({ group, version }: (typeof servedGroupVersions)[number]): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** Which document a path of the API stands in; null when it is not served. */
export function documentOf(apiPath: string): string | null {
  const name = apiPath.replace(/^\/|\/$/g, '');
  const owner = servedGroupVersions
    .map(groupVersionDocument)
    .find((document) => name === document || name.startsWith(`${document}/`));
  if (owner !== undefined) return owner;
  const groups = servedGroupVersions.map(({ group }) => `apis/${group}`);
  return commonDocuments.includes(name) || groups.includes(name) ? name : null;
}
