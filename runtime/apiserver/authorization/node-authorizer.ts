/**
 * What a node may do: its own object, its pods and what they need, and what every node needs. What of these objects it
 * may change is admission's question. (plugin/pkg/auth/authorizer/node) Pure.
 */
import { groups, type UserInfo } from '../authentication/user.ts';
import type { ResourceAttributes } from './attributes.ts';
import type { Authorizer, Decision } from './authorizer.ts';
import type { IsRelated, RelatedKind } from './node-graph.ts';
import { allows, type PolicyRule } from './policy-rule.ts';

const prefix = 'system:node:';

/** @param rules that every node has, which are those of the role system:node. */
export function nodeAuthorizer(isRelated: IsRelated, rules: readonly PolicyRule[]): Authorizer {
  return (attributes) => {
    const { user } = attributes;
    if (!isNode(user)) return noOpinion;
    const node = user.name.slice(prefix.length);
    if (node === '') return because(`unknown node for user ${JSON.stringify(user.name)}`);
    const judge = attributes.kind === 'resource' ? special[placeOf(attributes)] : undefined;
    if (judge !== undefined) return judge({ node, isRelated, asked: attributes as ResourceAttributes });
    return rules.some((rule) => allows(rule, attributes)) ? allowed : noOpinion;
  };
}

/** A node's rules cannot be listed, as they follow its pods. */
export function isNode({ name, groups: ofUser }: UserInfo): boolean {
  return name.startsWith(prefix) && ofUser.includes(groups.nodes);
}

interface Question {
  readonly node: string;
  readonly isRelated: IsRelated;
  readonly asked: ResourceAttributes;
}

type Judge = (question: Question) => Decision;

const allowed: Decision = { isAllowed: true, reason: '' };
const noOpinion: Decision = { isAllowed: false, reason: '' };

const special: Readonly<Record<string, Judge>> = {
  '/secrets': (question) => judgeRead(question, 'secret'),
  '/configmaps': (question) => judgeRead(question, 'configMap'),
  '/persistentvolumeclaims': (question) =>
    question.asked.subresource === 'status' ? judgeClaimStatus(question) : judgeGet(question, 'claim'),
  '/persistentvolumes': (question) => judgeGet(question, 'persistentVolume'),
  'storage.k8s.io/volumeattachments': (question) => judgeGet(question, 'volumeAttachment'),
  '/serviceaccounts': judgeToken,
  'coordination.k8s.io/leases': judgeLease,
  'storage.k8s.io/csinodes': judgeCsiNode,
  '/nodes': judgeNode,
  '/pods': judgePod,
};

function judgeRead(question: Question, kind: RelatedKind): Decision {
  const { verb, subresource, namespace } = question.asked;
  if (!['get', 'list', 'watch'].includes(verb)) return because('can only read resources of this type');
  if (subresource !== '') return because('cannot read subresource');
  if (namespace === '') return because('can only read namespaced object of this type');
  return judgeRelated(question, kind);
}

function judgeGet(question: Question, kind: RelatedKind): Decision {
  const { verb, subresource } = question.asked;
  if (verb !== 'get') return because('can only get individual resources of this type');
  if (subresource !== '') return because('cannot get subresource');
  return judgeRelated(question, kind);
}

function judgeClaimStatus(question: Question): Decision {
  const { verb } = question.asked;
  if (verb !== 'update' && verb !== 'patch') return because('can only get/update/patch this type');
  return judgeRelated(question, 'claim');
}

function judgeToken(question: Question): Decision {
  const { verb, subresource, name } = question.asked;
  if (verb !== 'create' || name === '')
    return because('can only create tokens for individual service accounts');
  if (subresource !== 'token') return because('can only create token subresource of serviceaccount');
  return judgeRelated(question, 'serviceAccount');
}

function judgeRelated({ node, isRelated, asked }: Question, kind: RelatedKind): Decision {
  if (asked.name === '') return because('No Object name found');
  if (isRelated(node, kind, asked.namespace, asked.name)) return allowed;
  return because(`no relationship found between node '${node}' and this object`);
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

function judgeLease({ node, asked }: Question): Decision {
  const { verb, namespace, name } = asked;
  if (!ownVerbs.includes(verb)) return because('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease') {
    return because('can only access leases in the "kube-node-lease" system namespace');
  }
  // Whoever creates has not said the name yet: admission reads it.
  if (verb === 'create' || name === node) return allowed;
  return because('can only access node lease with the same name as the requesting node');
}

function judgeCsiNode({ node, asked }: Question): Decision {
  const { verb, subresource, name } = asked;
  if (!ownVerbs.includes(verb)) return because('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return because('cannot authorize CSINode subresources');
  if (verb === 'create' || name === node) return allowed;
  return because('can only access CSINode with the same name as the requesting node');
}

/** By name and not by relation, so that a node can look for its object before there is one. */
function judgeNode({ node, asked }: Question): Decision {
  const { verb, subresource, name } = asked;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allowed : noOpinion;
  if (subresource !== '') return noOpinion;
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allowed;
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion;
  if (name === node) return allowed;
  if (name === '') return because(`node '${node}' cannot read all nodes, only its own Node object`);
  return because(`node '${node}' cannot read '${name}', only its own Node object`);
}

function judgePod(question: Question): Decision {
  const { asked } = question;
  const { verb, subresource } = asked;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allowed : noOpinion;
  if (subresource === 'eviction') return verb === 'create' ? allowed : noOpinion;
  if (subresource !== '') return noOpinion;
  if (verb === 'create' || verb === 'delete') return allowed;
  if (verb === 'get') return judgeGet(question, 'pod');
  return verb === 'list' || verb === 'watch' ? judgePodList(question) : noOpinion;
}

function judgePodList(question: Question): Decision {
  const { node, asked } = question;
  const isOwn = asked.fields.some(
    ({ field, equal, value }) => field === 'spec.nodeName' && equal && value === node,
  );
  if (isOwn) return allowed;
  if (asked.name !== '') return judgeRelated(question, 'pod');
  return because('can only list/watch pods with spec.nodeName field selector');
}

function because(reason: string): Decision {
  return { isAllowed: false, reason };
}

function placeOf({ group, resource }: ResourceAttributes): string {
  return `${group}/${resource}`;
}
