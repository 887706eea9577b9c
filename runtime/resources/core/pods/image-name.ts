/** Names of container images, as far as defaults ask. (k8s.io/kubernetes/pkg/util/parsers, distribution/reference) Pure. */

/** Longer than any that is valid: a name has 255 characters, a tag 128, a digest fewer than 200. */
const longestReference = 600;
const longestName = 255;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const domain = `(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const name = new RegExp(`^(?:${domain}/)?${component}(?:/${component})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/** What the kubelet does when a pod says nothing: what may have moved is pulled each time. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  return isLatest(image) ? 'Always' : 'IfNotPresent';
}

/** Whether the tag is `latest`, or none where there is no digest either. What is no image name is not. */
function isLatest(image: string): boolean {
  if (image.length > longestReference) return false;
  const [rest = '', digest = null, ...more] = image.split('@');
  // A colon before the last slash is a port's.
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  const [repository, tag] = colon < 0 ? [rest, null] : [rest.slice(0, colon), rest.slice(colon + 1)];
  const isName = more.length === 0 && repository.length <= longestName && name.test(repository);
  if (!isName || (tag !== null && !tagPattern.test(tag))) return false;
  if (digest !== null) return digestPattern.test(digest) && tag === 'latest';
  return tag === null || tag === 'latest';
}
