/** Services and what leads to them. Pure. */
import { isSet, listAt, numberAt, objectAt, stringAt, stringsAt } from '../../objects/read-path.ts';
import { balancerAddresses, formatLabels, formatMany, selectorOrNone } from '../format.ts';
import { age, column, name, printer, text, wide } from '../printer.ts';

/** Of hosts and addresses. */
const shownMany = 3;

export const services = printer([
  name,
  text('Type', 'spec.type'),
  column('Cluster-IP', (service) => {
    const [first = stringAt(service, 'spec', 'clusterIP')] = stringsAt(service, 'spec', 'clusterIPs');
    return first || '<none>';
  }),
  column('External-IP', externalAddress),
  column('Port(s)', (service) => listAt(service, 'spec', 'ports').map(formatPort).join(',') || '<none>'),
  age,
  wide('Selector', (service) => formatLabels(objectAt(service, 'spec', 'selector'))),
]);

export const endpoints = printer([name, column('Endpoints', formatEndpoints), age]);

export const endpointSlices = printer([
  name,
  text('AddressType', 'addressType'),
  column('Ports', (slice) => {
    const ports = listAt(slice, 'ports').map((port) =>
      isSet(port, 'port') ? String(numberAt(port, 'port')) : stringAt(port, 'name') || '*',
    );
    return formatMany(ports.slice(0, shownMany), ports.length) || '<unset>';
  }),
  column('Endpoints', (slice) => {
    const all = listAt(slice, 'endpoints').flatMap((endpoint) => stringsAt(endpoint, 'addresses'));
    return formatMany(all.slice(0, shownMany), all.length) || '<unset>';
  }),
  age,
]);

export const ingresses = printer([
  name,
  column('Class', (ingress) => stringAt(ingress, 'spec', 'ingressClassName') || '<none>', {
    description: 'The name of the IngressClass resource that should be used for additional configuration',
  }),
  column('Hosts', formatHosts, {
    description: 'Hosts that incoming requests are matched against before the ingress rule',
  }),
  column('Address', (ingress) => balancerAddresses(ingress).join(','), {
    description: 'Address is a list containing ingress points for the load-balancer',
  }),
  column('Ports', (ingress) => (listAt(ingress, 'spec', 'tls').length > 0 ? '80, 443' : '80'), {
    description: 'Ports of TLS configurations that open',
  }),
  age,
]);

export const ingressClasses = printer([
  name,
  column('Controller', (object) => stringAt(object, 'spec', 'controller'), {
    description: 'Controller that is responsible for handling this class',
  }),
  column('Parameters', (object) => {
    const parameters = objectAt(object, 'spec', 'parameters');
    if (!isSet(object, 'spec', 'parameters')) return '<none>';
    const group = isSet(parameters, 'apiGroup') ? `.${stringAt(parameters, 'apiGroup')}` : '';
    return `${stringAt(parameters, 'kind')}${group}/${stringAt(parameters, 'name')}`;
  }),
  age,
]);

export const networkPolicies = printer([
  name,
  column('Pod-Selector', (policy) => selectorOrNone(objectAt(policy, 'spec', 'podSelector'))),
  age,
]);

function externalAddress(service: unknown): string {
  const own = stringsAt(service, 'spec', 'externalIPs');
  switch (stringAt(service, 'spec', 'type')) {
    case 'ClusterIP':
    case 'NodePort':
      return own.join(',') || '<none>';
    case 'LoadBalancer':
      return [...balancerAddresses(service), ...own].join(',') || '<pending>';
    case 'ExternalName':
      return stringAt(service, 'spec', 'externalName');
    default:
      return '<unknown>';
  }
}

function formatPort(port: unknown): string {
  const onNodes = numberAt(port, 'nodePort');
  const number = numberAt(port, 'port');
  return `${number}${onNodes > 0 ? `:${onNodes}` : ''}/${stringAt(port, 'protocol')}`;
}

function formatEndpoints(object: unknown): string {
  const subsets = listAt(object, 'subsets');
  if (subsets.length === 0) return '<none>';
  const all = subsets.flatMap((subset) => {
    const addresses = listAt(subset, 'addresses').map((address) => stringAt(address, 'ip'));
    const ports = listAt(subset, 'ports');
    // A headless service may have none.
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((ip) => joinHostPort(ip, numberAt(port, 'port'))));
  });
  return formatMany(all.slice(0, shownMany), all.length);
}

function joinHostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function formatHosts(ingress: unknown): string {
  const rules = listAt(ingress, 'spec', 'rules').map((rule) => stringAt(rule, 'host'));
  const hosts = rules.filter((host) => host !== '').slice(0, shownMany);
  if (hosts.length === 0) return '*';
  // What follows the last host that is shown is counted, also a rule without a host.
  const last = rules.findIndex(
    (_, index) => rules.slice(0, index + 1).filter((host) => host !== '').length === shownMany,
  );
  const isCut = last !== -1 && last < rules.length - 1;
  return isCut ? `${hosts.join(',')} + ${rules.length - shownMany} more...` : hosts.join(',');
}
