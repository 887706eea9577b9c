/**
 * The class of what names none: of claims and ingresses. The newest of those that are marked is taken.
 * (plugin/pkg/admission/storage/storageclass/setdefault, plugin/pkg/admission/network/defaultingressclass)
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, stringAt } from '../objects/read-path.ts';
import { isOf, type Plugin, withSpec } from './plugin.ts';
import type { Reads } from './reads.ts';

const storageMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const ingressMarks = ['ingressclass.kubernetes.io/is-default-class'];

export function defaultStorageClass(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      const { object, operation } = asked;
      if (object === null || operation !== 'CREATE' || !isOf(asked, 'persistentvolumeclaims')) return object;
      const names = annotation(object, 'volume.beta.kubernetes.io/storage-class');
      // '' is a class too: none at all.
      if (names !== undefined || isSet(object, 'spec', 'storageClassName')) return object;
      const name = newestMarked(await reads.list('storageClasses', ''), storageMarks);
      return name === null ? object : withSpec(object, { storageClassName: name });
    },
  };
}

export function defaultIngressClass(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      const { object, operation } = asked;
      if (object === null || operation !== 'CREATE' || !isOf(asked, 'ingresses.networking.k8s.io'))
        return object;
      const names = annotation(object, 'kubernetes.io/ingress.class');
      if (names !== undefined || isSet(object, 'spec', 'ingressClassName')) return object;
      const name = newestMarked(await reads.list('ingressClasses', ''), ingressMarks);
      return name === null ? object : withSpec(object, { ingressClassName: name });
    },
  };
}

function newestMarked(classes: readonly ApiObject[], marks: readonly string[]): string | null {
  const marked = classes.filter((one) => marks.some((mark) => annotation(one, mark) === 'true'));
  const made = (one: ApiObject): string => stringAt(one, 'metadata', 'creationTimestamp');
  const nameOf = ({ metadata }: ApiObject): string => metadata.name ?? '';
  const [first] = marked.sort((a, b) =>
    made(a) === made(b) ? (nameOf(a) < nameOf(b) ? -1 : 1) : made(a) < made(b) ? 1 : -1,
  );
  return first === undefined ? null : nameOf(first);
}

function annotation({ metadata }: ApiObject, name: string): string | undefined {
  const annotations = (metadata.annotations ?? {}) as Readonly<Record<string, string>>;
  return Object.hasOwn(annotations, name) ? annotations[name] : undefined;
}
