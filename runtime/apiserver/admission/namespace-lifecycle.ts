/**
 * Nothing is made in a namespace that is not there, or that is being deleted; some are never deleted.
 * (k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle)
 */
import { stringAt } from '../objects/read-path.ts';
import { ApiError, notFound } from '../status.ts';
import { type Asked, isOf, type Plugin, refuse } from './plugin.ts';
import type { Reads } from './reads.ts';

const kept: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Whoever cleans up a namespace deletes in it while it goes. */
const makes: ReadonlySet<string> = new Set(['CREATE', 'UPDATE']);

export function namespaceLifecycle(reads: Reads): Plugin {
  return {
    mutate: async (asked) => {
      const { operation, resource, subresource, namespace, name, object } = asked;
      const isNamespace = resource.group === '' && resource.resource === 'namespaces';
      if (isNamespace && operation === 'DELETE' && subresource === '' && kept.has(name)) {
        throw refuse(asked, 'this namespace may not be deleted');
      }
      if (isNamespace || namespace === '' || !makes.has(operation) || isReview(asked)) return object;
      const found = await reads.get('namespaces', '', namespace);
      if (found === null) throw notFound({ group: '', resource: 'namespaces' }, namespace);
      if (operation === 'CREATE' && stringAt(found, 'status', 'phase') === 'Terminating') {
        throw terminating(asked);
      }
      return object;
    },
  };
}

function isReview(asked: Asked): boolean {
  return isOf(asked, 'localsubjectaccessreviews.authorization.k8s.io');
}

function terminating(asked: Asked): ApiError {
  const { namespace } = asked;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { reason, message, details } = refuse(asked, why);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new ApiError(reason, message, { ...details, causes: [cause] });
}
