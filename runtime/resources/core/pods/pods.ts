/** Pods. (pkg/registry/core/pod, pkg/apis/core/validation) Pure. */
import type { Strategy } from '../../../apiserver/handlers/served-kind.ts';
import { dnsLabel, dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type { Pod, PodStatus } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField } from '../../field-errors.ts';
import { when } from '../../meta/field-checks.ts';
import { keepOwners } from '../../status-metadata.ts';
import { ephemeralContainers } from '../ephemeral-containers.ts';
import { annotationsOf, checkPod, checkPodAnnotationsKept, podSpecOf } from './check-pod.ts';
import { checkPodStatus } from './check-pod-status.ts';
import { checkPodSpecUpdate } from './check-pod-update.ts';
import { dropOffStatus } from './dropped-fields.ts';
import { fillInSpecOfPod } from './pod-spec-defaults.ts';
import { warnOfPodSpec } from './pod-warnings.ts';
import { preparePod } from './prepare-pod.ts';
import { checkProfilesMatch } from './profile-annotations.ts';

export const pods: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: true,
  resets: { '': ['status'], status: ['spec', 'metadata.deletionTimestamp', 'metadata.ownerReferences'] },
  fillIn,
  prepareCreate: preparePod,
  prepareStatusUpdate,
  check: checkPod,
  checkCreate,
  checkUpdate: (next, old) => [
    ...checkPodAnnotationsKept(next, old),
    ...checkPodSpecUpdate(podSpecOf(next), podSpecOf(old)),
  ],
  checkStatusUpdate: (next, old) => [
    ...checkPodAnnotationsKept(next, old),
    ...checkPodStatus(next as unknown as Pod, old as unknown as Pod),
  ],
  parts: { ephemeralcontainers: ephemeralContainers },
  warn,
  graceSeconds,
};

const usualGraceSeconds = 30;

/** What runs nowhere, or has ended, is gone at once. */
function graceSeconds(object: ApiObject, wished: number | null): number {
  const { spec, status } = object as unknown as Pod;
  const hasEnded = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  if (!spec?.nodeName || hasEnded) return 0;
  const seconds = wished ?? Number(spec.terminationGracePeriodSeconds ?? usualGraceSeconds);
  // What was negative before it was refused is as short as can be.
  return seconds < 0 ? 1 : seconds;
}

/** Older versions had init containers there. */
const oldAnnotations = [
  ...['pod.beta.kubernetes.io/init-containers', 'pod.alpha.kubernetes.io/init-containers'],
  ...['pod.beta.kubernetes.io/init-container-statuses', 'pod.alpha.kubernetes.io/init-container-statuses'],
];

function fillIn(object: ApiObject): ApiObject {
  const annotations = annotationsOf(object);
  const kept = Object.entries(annotations).filter(([key]) => !oldAnnotations.includes(key));
  const metadata =
    kept.length === Object.keys(annotations).length
      ? object.metadata
      : { ...object.metadata, annotations: Object.fromEntries(kept) };
  return { ...object, metadata, spec: fillInSpecOfPod(podSpecOf(object)), status: fillInStatus(object) };
}

/** `podIP` is the first of `podIPs`; where they differ, it is right: older kubelets know no other. */
function fillInStatus(object: ApiObject): PodStatus {
  const status = (object as unknown as Pod).status ?? {};
  const { podIP = '', podIPs = [] } = status;
  const [first] = podIPs;
  if (podIP !== '' && first?.ip !== podIP) return { ...status, podIPs: [{ ip: podIP }] };
  return first === undefined ? status : { ...status, podIP: first.ip };
}

/** The class was decided when the pod was made; kubelets once lost it. */
function prepareStatusUpdate(next: ApiObject, old: ApiObject): ApiObject {
  const status = dropOffStatus((next as unknown as Pod).status ?? {});
  const qosClass = status.qosClass || (old as unknown as Pod).status?.qosClass;
  const kept = { ...status, ...(qosClass === undefined ? {} : { qosClass }) };
  // A kubelet that knows owners in an older form would lose them.
  return keepOwners({ ...next, status: kept } as Pod, old as unknown as Pod) as ApiObject;
}

function checkCreate(object: ApiObject): readonly FieldError[] {
  const spec = podSpecOf(object);
  const { ephemeralContainers = [], nodeName = '', schedulingGates = [] } = spec;
  return [
    ...when(
      ephemeralContainers.length > 0,
      forbiddenField('spec.ephemeralContainers', 'cannot be set on create'),
    ),
    ...when(
      nodeName !== '' && schedulingGates.length > 0,
      forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
    ),
    ...checkProfilesMatch(annotationsOf(object), spec, 'spec'),
  ];
}

/** Nobody reads what an update of a pod warns of: it is programs that update pods. */
function warn(object: ApiObject, old: ApiObject | null): readonly string[] {
  if (old !== null) return [];
  const why = dnsLabel(object.metadata.name ?? '');
  const sentence =
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
  return [
    ...(why.length === 0 ? [] : [`${sentence}: [${why.join(' ')}]`]),
    ...warnOfPodSpec(podSpecOf(object), annotationsOf(object), ''),
  ];
}
