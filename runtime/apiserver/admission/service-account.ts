/**
 * Every pod runs as a service account, with its token where nobody says otherwise. (plugin/pkg/admission/serviceaccount)
 */
import type {
  Container,
  Pod,
  PodSpec,
  ServiceAccount,
  Volume,
  VolumeMount,
} from '../schemas/generated/types/api-core-v1.ts';
import { type Asked, isOf, objectOf, type Plugin, refuse, withSpec } from './plugin.ts';
import type { Reads } from './reads.ts';
import { checkMirrorPod, checkSecrets } from './service-account-checks.ts';

export interface ServiceAccountOptions {
  readonly reads: Reads;
  /** Five characters behind a name. */
  readonly makeSuffix: () => string;
  /** The account `default` of a new namespace may be a moment late. */
  readonly wait: () => Promise<void>;
}

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';
/** An hour, and a little: by the odd number the server tells these tokens from others. */
const tokenSeconds = 3607;
const triesForDefault = 10;

export function serviceAccount(options: ServiceAccountOptions): Plugin {
  return {
    mutate: async (asked) => {
      const { object } = asked;
      if (object === null || asked.operation !== 'CREATE' || !isOf(asked, 'pods')) return object;
      if (isMirror(objectOf<Pod>(asked))) return object;
      const pod = objectOf<Pod>(asked);
      const name = pod.spec?.serviceAccountName || 'default';
      const account = await find(options, asked, name);
      return withSpec(object, actAs(pod, account, name, options.makeSuffix));
    },
    validate: async (asked) => {
      const changesDebuggers = asked.operation === 'UPDATE' && isOf(asked, 'pods/ephemeralcontainers');
      if (!changesDebuggers && (asked.operation !== 'CREATE' || !isOf(asked, 'pods'))) return;
      const pod = objectOf<Pod>(asked);
      const why = isMirror(pod) ? checkMirrorPod(pod) : await checkAccount(options, asked, pod);
      if (why !== null) throw refuse(asked, why);
    },
  };
}

async function checkAccount(options: ServiceAccountOptions, asked: Asked, pod: Pod): Promise<string | null> {
  const name = pod.spec?.serviceAccountName ?? '';
  if (name === '') {
    return `no service account specified for pod ${asked.namespace}/${pod.metadata?.name ?? ''}`;
  }
  return checkSecrets(pod, await find(options, asked, name));
}

/** What an account adds to a pod. Pure. */
function actAs(
  { spec }: Pod,
  account: ServiceAccount,
  name: string,
  makeSuffix: () => string,
): Partial<PodSpec> {
  const own = spec?.imagePullSecrets ?? [];
  const pulls =
    own.length > 0 ? own : (account.imagePullSecrets ?? []).map((secret) => ({ name: secret.name }));
  const mounts = spec?.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  return {
    serviceAccountName: name,
    serviceAccount: name,
    ...(pulls.length === 0 ? {} : { imagePullSecrets: pulls }),
    ...(mounts && spec !== undefined ? mountToken(spec, makeSuffix) : {}),
  };
}

/** What the client mounts itself at the place stays. */
function mountToken(spec: PodSpec, makeSuffix: () => string): Partial<PodSpec> {
  const there = spec.volumes?.find(({ name }) => name?.startsWith(volumePrefix));
  const name = there?.name ?? `${volumePrefix}${makeSuffix()}`;
  const lacks = ({ volumeMounts }: Container): boolean =>
    volumeMounts?.some((mount) => mount.mountPath === mountPath) !== true;
  const mount: VolumeMount = { name, readOnly: true, mountPath };
  const withMount = (container: Container): Container =>
    lacks(container) ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] } : container;
  const { containers, initContainers = [] } = spec;
  const isNeeded = [...initContainers, ...containers].some(lacks);
  return {
    containers: containers.map(withMount),
    ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(withMount) }),
    ...(there === undefined && isNeeded ? { volumes: [...(spec.volumes ?? []), tokenVolume(name)] } : {}),
  };
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}

async function find(
  { reads, wait }: ServiceAccountOptions,
  asked: Asked,
  name: string,
): Promise<ServiceAccount> {
  for (let tries = name === 'default' ? triesForDefault : 1; tries > 0; tries -= 1) {
    const found = await reads.get('serviceAccounts', asked.namespace, name);
    if (found !== null) return found as unknown as ServiceAccount;
    if (tries > 1) await wait();
  }
  const what = `serviceaccount ${JSON.stringify(name)} not found`;
  throw refuse(asked, `error looking up service account ${asked.namespace}/${name}: ${what}`);
}

function isMirror({ metadata }: Pod): boolean {
  return metadata?.annotations?.[mirrorAnnotation] !== undefined;
}
