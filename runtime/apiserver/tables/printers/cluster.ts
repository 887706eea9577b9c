/** Nodes, namespaces, quotas and what else a cluster consists of. Pure. */
import { listAt, objectAt, stringAt, textEntriesAt } from '../../objects/read-path.ts';
import { compareText, conditionOf } from '../format.ts';
import { age, type Column, column, name, printer, text, wide } from '../printer.ts';

const roleLabel = 'node-role.kubernetes.io/';
const oldRoleLabel = 'kubernetes.io/role';

export const nodes = printer([
  name,
  column('Status', nodeStatus, { description: 'The status of the node' }),
  column('Roles', nodeRoles, { description: 'The roles of the node' }),
  age,
  text('Version', 'status.nodeInfo.kubeletVersion'),
  wide('Internal-IP', (node) => nodeAddress(node, 'InternalIP')),
  wide('External-IP', (node) => nodeAddress(node, 'ExternalIP')),
  nodeInfo('OS-Image', 'osImage'),
  nodeInfo('Kernel-Version', 'kernelVersion'),
  nodeInfo('Container-Runtime', 'containerRuntimeVersion'),
]);

export const namespaces = printer([
  name,
  column('Status', (object) => stringAt(object, 'status', 'phase'), {
    description: 'The status of the namespace',
  }),
  age,
]);

export const componentStatuses = printer([
  name,
  column('Status', (object) => {
    const condition = conditionOf(object, 'Healthy', 'conditions');
    if (condition === null) return 'Unknown';
    return stringAt(condition, 'status') === 'True' ? 'Healthy' : 'Unhealthy';
  }),
  column('Message', (object) => stringAt(conditionOf(object, 'Healthy', 'conditions'), 'message')),
  column('Error', (object) => stringAt(conditionOf(object, 'Healthy', 'conditions'), 'error')),
]);

export const resourceQuotas = printer([
  name,
  age,
  column('Request', (object) => formatQuota(object, false), {
    description: 'Request represents a minimum amount of cpu/memory that a container may consume.',
  }),
  column('Limit', (object) => formatQuota(object, true), {
    description:
      'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
  }),
]);

export const apiServices = printer([
  name,
  column('Service', (object) => {
    const service = objectAt(object, 'spec', 'service');
    const isLocal = stringAt(service, 'name') === '';
    return isLocal ? 'Local' : `${stringAt(service, 'namespace')}/${stringAt(service, 'name')}`;
  }),
  column('Available', (object) => {
    const condition = conditionOf(object, 'Available');
    const status = stringAt(condition, 'status');
    const reason = stringAt(condition, 'reason');
    if (condition === null) return 'Unknown';
    return status === 'True' || reason === '' ? status : `${status} (${reason})`;
  }),
  age,
]);

function nodeStatus(node: unknown): string {
  const ready = conditionOf(node, 'Ready');
  const status = stringAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  const isShut = objectAt(node, 'spec').unschedulable === true;
  return (ready === null ? 'Unknown' : status) + (isShut ? ',SchedulingDisabled' : '');
}

function nodeRoles(node: unknown): string {
  const roles = textEntriesAt(node, 'metadata', 'labels').map(([label, value]) => {
    if (label.startsWith(roleLabel)) return label.slice(roleLabel.length);
    return label === oldRoleLabel ? value : '';
  });
  const named = [...new Set(roles.filter((role) => role !== ''))].sort(compareText);
  return named.length === 0 ? '<none>' : named.join(',');
}

function nodeAddress(node: unknown, type: string): string {
  const addresses = listAt(node, 'status', 'addresses');
  const found = addresses.find((address) => stringAt(address, 'type') === type);
  return stringAt(found, 'address') || '<none>';
}

function nodeInfo(title: string, field: string): Column {
  return wide(title, (node) => stringAt(node, 'status', 'nodeInfo', field) || '<unknown>');
}

function formatQuota(quota: unknown, isLimit: boolean): string {
  const hard = objectAt(quota, 'status', 'hard');
  const used = objectAt(quota, 'status', 'used');
  return Object.keys(hard)
    .filter((resource) => resource.startsWith('limits.') === isLimit)
    .sort(compareText)
    .map((resource) => `${resource}: ${stringAt(used, resource) || '0'}/${stringAt(hard, resource)}`)
    .join(', ');
}
