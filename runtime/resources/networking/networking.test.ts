import t from 'tap';
import { filled, made, patched, saidOfChange, saidOfNew, saidOfStatus } from '../testing/say.ts';
import { ingressClasses } from './ingress-classes.ts';
import { ingresses } from './ingresses.ts';
import { networkPolicies } from './network-policies.ts';

const apiVersion = 'networking.k8s.io/v1';
const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = {
  ...{ kind: 'Ingress', apiVersion, metadata: { name: 'i' } },
  spec: { rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
};
const path = (change: object) => ({
  rules: [{ http: { paths: [{ path: '/', pathType: 'Exact', backend, ...change }] } }],
});
const at = 'spec.rules[0].http.paths[0]';

const cases: readonly (readonly [spec: object, ...said: readonly string[]])[] = [
  [{}],
  [
    { rules: null },
    'spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified',
  ],
  [path({ pathType: undefined }), `${at}.pathType: Required value: pathType must be specified`],
  [
    path({ pathType: 'Regex' }),
    `${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
  ],
  [path({ path: 'x' }), `${at}.path: Invalid value: "x": must be an absolute path`],
  [
    path({ path: '/a//b/..' }),
    `${at}.path: Invalid value: "/a//b/..": must not contain '//'`,
    `${at}.path: Invalid value: "/a//b/..": cannot end with '/..'`,
  ],
  [path({ backend: {} }), `${at}.backend: Invalid value: "": resource or service backend is required`],
  [
    path({ backend: { service: { name: 's', port: { name: 'p', number: 1 } } } }),
    `${at}.backend: Invalid value: "": cannot set both port name & port number`,
  ],
  [
    path({ backend: { service: { name: '', port: {} } } }),
    `${at}.backend.service.name: Required value`,
    `${at}.backend: Required value: port name or number is required`,
  ],
  [
    { rules: [{ host: '10.0.0.1' }] },
    'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ],
  [
    { tls: [{ hosts: ['*.x_'] }] },
    "spec.tls[0].hosts[0]: Invalid value: \"*.x_\": a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  [
    { defaultBackend: { resource: { kind: '', name: 'a/b' } } },
    'spec.defaultBackend.resource.kind: Required value: kind is required',
    'spec.defaultBackend.resource.name: Invalid value: "a/b": may not contain \'/\'',
  ],
];

for (const [spec, ...said] of cases) {
  t.test(`an ingress with ${JSON.stringify(spec)}`, async (t) => {
    t.same(saidOfNew(ingresses, patched(ingress, { spec })), said);
  });
}

t.test('the class of an ingress is said once', async (t) => {
  const annotations = { 'kubernetes.io/ingress.class': 'x' };
  const both = patched(ingress, { metadata: { annotations }, spec: { ingressClassName: 'y' } });
  t.same(saidOfNew(ingresses, both), [
    'annotations.kubernetes.io/ingress.class: Invalid value: "x": must match `ingressClassName` when both are specified',
  ]);
  t.same(
    saidOfChange(ingresses, patched(ingress, { metadata: { annotations } }), {
      spec: { ingressClassName: 'y' },
    }),
    [],
  );
  t.same(ingresses.warn?.(made(ingresses, both), null), [
    `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
  ]);
  t.same(saidOfStatus(ingresses, ingress, {}, { loadBalancer: { ingress: [{ ip: 'x' }] } }), [
    'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ]);
});

const policy = { kind: 'NetworkPolicy', apiVersion, metadata: { name: 'p' }, spec: { podSelector: {} } };

t.test('a network policy is filled in', async (t) => {
  t.match(filled(networkPolicies, policy).spec, { policyTypes: ['Ingress'] });
  const egress = patched(policy, { spec: { egress: [{ ports: [{ port: 53 }] }] } });
  t.match(filled(networkPolicies, egress).spec, {
    policyTypes: ['Ingress', 'Egress'],
    egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }],
  });
});

const from = (peer: object) => ({ ingress: [{ from: [peer] }] });
const ports = (port: object) => ({ ingress: [{ ports: [port] }] });
const policies: readonly (readonly [spec: object, ...said: readonly string[]])[] = [
  [from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } })],
  [
    from({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', 'x'] } }),
    'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
    'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [from({ ipBlock: { cidr: '2001:db8::/64', except: ['2001:db8::1:0/112'] } })],
  [from({}), 'spec.ingress[0].from[0]: Required value: must specify a peer'],
  [
    from({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
    'spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer',
  ],
  [
    ports({ port: 80, endPort: 79 }),
    'spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`',
  ],
  [
    ports({ port: 'web', endPort: 79 }),
    'spec.ingress[0].ports[0].endPort: Invalid value: 79: may not be specified when `port` is non-numeric',
  ],
  [
    ports({ protocol: 'ICMP', endPort: 1 }),
    'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
    'spec.ingress[0].ports[0].endPort: Invalid value: 1: may not be specified when `port` is not specified',
  ],
  [
    { policyTypes: ['Both'] },
    'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
  ],
];

for (const [spec, ...said] of policies) {
  t.test(`a network policy with ${JSON.stringify(spec)}`, async (t) => {
    t.same(saidOfNew(networkPolicies, patched(policy, { spec })), said);
  });
}

t.test('ingress classes', async (t) => {
  const parameters = { apiGroup: 'g.io', kind: 'K', name: 'n' };
  const named = {
    ...{ kind: 'IngressClass', apiVersion, metadata: { name: 'c' } },
    spec: { controller: 'example.com/c', parameters },
  };
  t.match(filled(ingressClasses, named).spec, { parameters: { scope: 'Cluster' } });
  t.same(saidOfNew(ingressClasses, named), []);
  t.same(
    saidOfNew(
      ingressClasses,
      patched(named, { spec: { controller: 'c', parameters: { scope: 'Namespace' } } }),
    ),
    [
      'spec.controller: Invalid value: "c": must be a domain-prefixed path (such as "acme.io/foo")',
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
  );
  t.same(saidOfNew(ingressClasses, patched(named, { spec: { parameters: { namespace: 'n' } } })), [
    "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
  ]);
  t.same(saidOfChange(ingressClasses, named, { spec: { controller: 'example.com/d' } }), [
    'spec.controller: Invalid value: "example.com/d": field is immutable',
  ]);
});
