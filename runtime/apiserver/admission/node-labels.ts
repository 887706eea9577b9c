/** Which labels a node may give itself: by the others pods with secrets are kept from it. (staging/src/k8s.io/kubelet/pkg/apis) Pure. */
type Labels = Readonly<Record<string, string>>;

const ownLabels: ReadonlySet<string> = new Set([
  ...['kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region'],
  ...['failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region'],
  ...['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type', 'kubernetes.io/os'],
  ...[
    'kubernetes.io/arch',
    'beta.kubernetes.io/os',
    'beta.kubernetes.io/arch',
    'node.kubernetes.io/windows-build',
  ],
]);
const ownDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const restricted = 'node-restriction.kubernetes.io';

/** What a node adds, changes or takes away and may not; sorted. */
export function forbiddenLabels(next: Labels, old: Labels): readonly string[] {
  const changed = new Set(
    [...Object.keys(next), ...Object.keys(old)].filter((key) => next[key] !== old[key]),
  );
  return [...changed].filter(isForbidden).sort();
}

function isForbidden(label: string): boolean {
  const domain = label.includes('/') ? label.slice(0, label.indexOf('/')) : '';
  if (isIn(domain, restricted)) return true;
  const isOwn = ownLabels.has(label) || ownDomains.some((own) => isIn(domain, own));
  return !isOwn && (isIn(domain, 'kubernetes.io') || isIn(domain, 'k8s.io'));
}

function isIn(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
