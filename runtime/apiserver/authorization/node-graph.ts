/**
 * Which node may read which objects: those that its pods need, and what their volumes need. Counted by node for every
 * object, so that a question costs the same however many pods there are. Whoever watches pods, persistent volumes and
 * attachments tells it of each change. (plugin/pkg/auth/authorizer/node/graph.go) Pure but for what it remembers.
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, stringAt } from '../objects/read-path.ts';
import { podReferences, volumeSecretPlaces } from './pod-references.ts';

export type RelatedKind =
  | 'secret'
  | 'configMap'
  | 'claim'
  | 'serviceAccount'
  | 'pod'
  | 'persistentVolume'
  | 'volumeAttachment';

/** What decisions read. @param namespace '' for what is in none. */
export type IsRelated = (node: string, kind: RelatedKind, namespace: string, name: string) => boolean;

export interface NodeGraph {
  readonly isRelated: IsRelated;
  /** A Pod, PersistentVolume or VolumeAttachment that is new or has changed. Other kinds are passed over. */
  readonly put: (object: ApiObject) => void;
  readonly remove: (
    kind: 'Pod' | 'PersistentVolume' | 'VolumeAttachment',
    namespace: string,
    name: string,
  ) => void;
}

/** Set on pods that a node runs of its own accord; such a one must not open anything to it. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';

export function createNodeGraph(): NodeGraph {
  const pods = new Map<string, PodNeeds>();
  const counts = new NodeCounts();
  const volumes = new Map<string, VolumeNeeds>();
  const volumesOfSecret = new Map<string, Set<string>>();
  const attachments = new Map<string, string>();

  const hasVolume = (node: string, volume: string): boolean => {
    const claim = volumes.get(volume)?.claim;
    return claim !== undefined && counts.has(claim, node);
  };
  const isRelated: IsRelated = (node, kind, namespace, name) => {
    const key = keyOf(kind, namespace, name);
    if (kind === 'persistentVolume') return hasVolume(node, name);
    if (kind === 'volumeAttachment') return attachments.get(name) === node;
    if (counts.has(key, node)) return true;
    return [...(volumesOfSecret.get(key) ?? [])].some((volume) => hasVolume(node, volume));
  };

  const removePod = (place: string): void => {
    const needs = pods.get(place);
    pods.delete(place);
    for (const key of needs?.keys ?? []) counts.remove(key, needs?.node ?? '');
  };
  const removeVolume = (name: string): void => {
    for (const secret of volumes.get(name)?.secrets ?? []) {
      const named = volumesOfSecret.get(secret);
      named?.delete(name);
      if (named?.size === 0) volumesOfSecret.delete(secret);
    }
    volumes.delete(name);
  };

  const putPod = (pod: ApiObject): void => {
    const place = placeOf(pod);
    removePod(place);
    const needs = podNeeds(pod);
    // A pod that is nowhere yet opens nothing to anybody.
    if (needs === null) return;
    pods.set(place, needs);
    for (const key of needs.keys) counts.add(key, needs.node);
  };
  const putVolume = (volume: ApiObject): void => {
    const name = volume.metadata.name ?? '';
    removeVolume(name);
    const needs = volumeNeeds(volume);
    if (needs === null) return;
    volumes.set(name, needs);
    for (const secret of needs.secrets) {
      volumesOfSecret.set(secret, (volumesOfSecret.get(secret) ?? new Set()).add(name));
    }
  };

  return {
    isRelated,
    put: (object) => {
      if (object.kind === 'Pod') putPod(object);
      else if (object.kind === 'PersistentVolume') putVolume(object);
      else if (object.kind === 'VolumeAttachment') {
        attachments.set(object.metadata.name ?? '', stringAt(object, 'spec', 'nodeName'));
      }
    },
    remove: (kind, namespace, name) => {
      if (kind === 'Pod') removePod(`${namespace}/${name}`);
      else if (kind === 'PersistentVolume') removeVolume(name);
      else attachments.delete(name);
    },
  };
}

/** What a pod opens to the node that it is on, itself too. */
interface PodNeeds {
  readonly node: string;
  readonly keys: readonly string[];
}

interface VolumeNeeds {
  readonly claim: string;
  readonly secrets: readonly string[];
}

function podNeeds(pod: ApiObject): PodNeeds | null {
  const node = stringAt(pod, 'spec', 'nodeName');
  if (node === '') return null;
  const { name = '', namespace = '' } = pod.metadata;
  const own = keyOf('pod', namespace, name);
  if (isSet(pod, 'metadata', 'annotations', mirrorAnnotation)) return { node, keys: [own] };
  const { secrets, configMaps, claims, serviceAccount } = podReferences(pod);
  const keys = (kind: RelatedKind, names: readonly string[]): readonly string[] =>
    names.map((one) => keyOf(kind, namespace, one));
  return {
    node,
    keys: [
      own,
      ...keys('secret', secrets),
      ...keys('configMap', configMaps),
      ...keys('claim', claims),
      ...keys('serviceAccount', serviceAccount === '' ? [] : [serviceAccount]),
    ],
  };
}

function volumeNeeds(volume: ApiObject): VolumeNeeds | null {
  if (!isSet(volume, 'spec', 'claimRef')) return null;
  const [namespace, name] = ['namespace', 'name'].map((field) => stringAt(volume, 'spec', 'claimRef', field));
  const places = volumeSecretPlaces(volume);
  return {
    claim: keyOf('claim', namespace ?? '', name ?? ''),
    secrets: places.map((place) => keyOf('secret', place.namespace, place.name)),
  };
}

/** How many pods of each node need an object. */
class NodeCounts {
  readonly #byKey = new Map<string, Map<string, number>>();

  has(key: string, node: string): boolean {
    return this.#byKey.get(key)?.has(node) ?? false;
  }

  add(key: string, node: string): void {
    const nodes = this.#byKey.get(key) ?? new Map<string, number>();
    this.#byKey.set(key, nodes.set(node, (nodes.get(node) ?? 0) + 1));
  }

  remove(key: string, node: string): void {
    const nodes = this.#byKey.get(key);
    const count = (nodes?.get(node) ?? 0) - 1;
    if (nodes === undefined) return;
    if (count > 0) nodes.set(node, count);
    else nodes.delete(node);
    if (nodes.size === 0) this.#byKey.delete(key);
  }
}

function keyOf(kind: RelatedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

function placeOf({ metadata }: ApiObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
