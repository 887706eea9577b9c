/** What the server decides about a new pod. (pkg/registry/core/pod/strategy.go, PrepareForCreate) Pure. */
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type {
  AppArmorProfile,
  Container,
  Pod,
  PodAffinity,
  PodAffinityTerm,
  PodCondition,
  PodSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { each, withChanged } from '../../meta/fill-in.ts';
import { checkAppArmor } from './check-security.ts';
import { appArmorPrefix, profileOfAnnotation } from './profile-annotations.ts';
import { qosClassOf } from './qos-class.ts';

type Texts = Readonly<Record<string, string>>;

export function preparePod(object: ApiObject): ApiObject {
  const { metadata, spec: given } = object as unknown as Pod;
  if (given === undefined) return object;
  const spec = withSelectedLabels(given, metadata?.labels ?? {});
  const time = object.metadata.creationTimestamp as string | undefined;
  return withProfiles({
    ...object,
    spec,
    status: { phase: 'Pending', qosClass: qosClassOf(spec), ...gatedCondition(spec, time) },
  });
}

function gatedCondition(
  spec: PodSpec,
  time: string | undefined,
): { readonly conditions?: readonly PodCondition[] } {
  if ((spec.schedulingGates ?? []).length === 0) return {};
  const condition = {
    ...{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', lastTransitionTime: time },
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
  return { conditions: [condition] };
}

/** A key of labels that are to match, or not, stands for what this pod's label says. */
function withSelectedLabels(spec: PodSpec, labels: Texts): PodSpec {
  const ofTerm = (term: PodAffinityTerm): PodAffinityTerm => withExpressions(term, labels);
  const ofAffinity = (affinity: PodAffinity): PodAffinity =>
    withChanged(affinity, {
      requiredDuringSchedulingIgnoredDuringExecution: each(ofTerm),
      preferredDuringSchedulingIgnoredDuringExecution: each((term) => ({
        ...term,
        podAffinityTerm: ofTerm(term.podAffinityTerm),
      })),
    });
  return withChanged(spec, {
    affinity: (affinity) => withChanged(affinity, { podAffinity: ofAffinity, podAntiAffinity: ofAffinity }),
  });
}

function withExpressions(term: PodAffinityTerm, labels: Texts): PodAffinityTerm {
  const expressionsOf = (keys: readonly string[] | undefined, operator: string) =>
    (keys ?? [])
      .filter((key) => Object.hasOwn(labels, key))
      .map((key) => ({ key, operator, values: [labels[key] as string] }));
  const added = [
    ...expressionsOf(term.matchLabelKeys, 'In'),
    ...expressionsOf(term.mismatchLabelKeys, 'NotIn'),
  ];
  if (added.length === 0 || term.labelSelector === undefined) return term;
  const { labelSelector: selector } = term;
  const matchExpressions = [...(selector.matchExpressions ?? []), ...added];
  return { ...term, labelSelector: { ...selector, matchExpressions } };
}

/** AppArmor was an annotation before it was a field: kubelets of either time find what they know. */
function withProfiles(object: ApiObject): ApiObject {
  const { metadata, spec } = object as unknown as Pod;
  if (spec === undefined || spec.os?.name === 'windows') return object;
  const annotations: Record<string, string> = { ...metadata?.annotations };
  const ofPod = spec.securityContext?.appArmorProfile;
  const synced = (container: Container): Container => {
    const key = `${appArmorPrefix}${container.name}`;
    const own = container.securityContext?.appArmorProfile;
    const annotation = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (annotation === undefined) {
      const text = annotationOf(own ?? ofPod);
      if (text !== '') annotations[key] = text;
      return container;
    }
    const profile = own === undefined ? profileOfAnnotation(annotation) : null;
    if (profile === null || checkAppArmor(profile, '').length > 0 || isSameProfile(profile, ofPod)) {
      return container;
    }
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } };
  };
  const changed = withChanged(spec, {
    initContainers: each(synced),
    containers: each(synced),
  });
  const isAnnotated = Object.keys(annotations).length > 0;
  const { metadata: own } = object;
  return { ...object, metadata: isAnnotated ? { ...own, annotations } : own, spec: changed };
}

function annotationOf(profile: AppArmorProfile | undefined): string {
  switch (profile?.type) {
    case 'Unconfined':
      return 'unconfined';
    case 'RuntimeDefault':
      return 'runtime/default';
    case 'Localhost':
      return profile.localhostProfile === undefined ? '' : `localhost/${profile.localhostProfile}`;
    default:
      return '';
  }
}

function isSameProfile(a: AppArmorProfile, b: AppArmorProfile | undefined): boolean {
  return a.type === b?.type && a.localhostProfile === b.localhostProfile;
}
