import t from 'tap';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import { changed, filledIn, made, refusals, sentences } from '../../testing/written.ts';
import { services } from './services.ts';

const port = { port: 80 };

function service(spec: object, annotations: object = {}): object {
  const metadata = { name: 'web', namespace: 'd', annotations };
  return { kind: 'Service', apiVersion: 'v1', metadata, spec: { ports: [port], ...spec } };
}

function specOf(object: ApiObject): Readonly<Record<string, unknown>> {
  return object.spec as Readonly<Record<string, unknown>>;
}

t.test('a service of one port becomes what the real server makes of it', async (t) => {
  t.same(specOf(filledIn(services, service({}))), {
    ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
    ...{ type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster' },
  });
  t.match(specOf(filledIn(services, service({ type: 'LoadBalancer' }))), {
    ...{ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true },
  });
  t.match(specOf(filledIn(services, service({ sessionAffinity: 'ClientIP' }))), {
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  });
  const named = {
    ports: [{ port: 80, targetPort: 'http' }],
    type: 'ExternalName',
    externalName: 'a.example',
  };
  const alias = specOf(filledIn(services, service(named)));
  t.match(alias.ports, [{ targetPort: 'http' }]);
  t.equal(alias.internalTrafficPolicy, undefined);
});

t.test('the older field for an address is the first of the newer', async (t) => {
  t.match(specOf(made(services, service({ clusterIP: 'None' }))), { clusterIPs: ['None'] });
});

t.test('services are refused in the words of the real server', async (t) => {
  for (const [spec, expected] of [
    [{}, []],
    [{ ports: [] }, ['spec.ports: Required value']],
    [{ ports: [], clusterIP: 'None' }, []],
    [
      { ports: [{ port: 80 }, { port: 81 }] },
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      {
        ports: [
          { port: 80, name: 'a' },
          { port: 81, name: 'a' },
        ],
      },
      ['spec.ports[1].name: Duplicate value: "a"'],
    ],
    [
      {
        ports: [
          { port: 80, name: 'a' },
          { port: 80, name: 'b' },
        ],
      },
      [
        'spec.ports[1]: Duplicate value: core.ServicePort{Name:"", Protocol:"TCP", AppProtocol:(*string)(nil), Port:80, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}',
      ],
    ],
    [
      { ports: [{ port: 0, targetPort: 'Web' }] },
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      ],
    ],
    [
      { ports: [{ port: 80, nodePort: 30000 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      {
        type: 'NodePort',
        ports: [
          { port: 80, name: 'a', nodePort: 30000 },
          { port: 81, name: 'b', nodePort: 30000 },
        ],
      },
      ['spec.ports[1].nodePort: Duplicate value: 30000'],
    ],
    [
      { type: 'ClusterIP', ports: [{ port: 80, nodePort: 80 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      { type: 'Odd' },
      [
        'spec.type: Unsupported value: "Odd": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      { type: 'NodePort', clusterIP: 'None' },
      ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
    ],
    [{ type: 'ExternalName', externalName: 'a.example.' }, []],
    [{ type: 'ExternalName' }, ['spec.externalName: Required value']],
    [
      { type: 'ExternalName', externalName: 'a', clusterIP: '10.96.0.1' },
      ['spec.clusterIPs: Forbidden: may not be set for ExternalName services'],
    ],
    [
      { clusterIP: 'x' },
      [
        'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.2'] },
      ['spec.clusterIPs: Invalid value: []string{"10.96.0.2"}: first value must match `clusterIP`'],
    ],
    [
      { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1', '10.96.0.2'] },
      [
        'spec.clusterIPs: Invalid value: []string{"10.96.0.1", "10.96.0.2"}: may specify no more than one IP for each IP family',
      ],
    ],
    [
      { clusterIP: '10.96.0.1', ipFamilies: ['IPv6'] },
      [
        'spec.clusterIPs[0]: Invalid value: "10.96.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
      ],
    ],
    [
      { ipFamilies: ['IPv5'], ipFamilyPolicy: 'Odd' },
      [
        'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
        'spec.ipFamilyPolicy: Unsupported value: "Odd": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
      ],
    ],
    [
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } },
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
      ],
    ],
    [
      { externalIPs: ['127.0.0.1'] },
      [
        'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      { externalTrafficPolicy: 'Local' },
      [
        'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
      ],
    ],
    [{ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }, ['spec.healthCheckNodePort: Required value']],
    [
      { loadBalancerClass: 'a/b', allocateLoadBalancerNodePorts: false },
      [
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
        "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
      ],
    ],
    [
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] },
      [
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      { trafficDistribution: 'Odd' },
      ['spec.trafficDistribution: Unsupported value: "Odd": supported values: "PreferClose"'],
    ],
  ] as const) {
    t.same(refusals(services, service(spec)), expected, JSON.stringify(spec));
  }
});

const allocated = {
  ...{ type: 'NodePort', clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] },
  ...{ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' },
  ports: [{ port: 80, protocol: 'TCP', nodePort: 30000 }],
};

t.test('what a service was given stays when a client leaves it out', async (t) => {
  const old = made(services, service(allocated));
  t.match(specOf(changed(services, service({ type: 'NodePort' }), old)), {
    ...{ clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] },
    ports: [{ nodePort: 30000 }],
  });
});

t.test('what a service has no use for goes with its type', async (t) => {
  const old = made(services, service(allocated));
  const inCluster = changed(services, service({ ...allocated, type: 'ClusterIP' }), old);
  t.same(specOf(inCluster).ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  t.same(sentences(services.check?.(inCluster)), []);
  const alias = { ...allocated, type: 'ExternalName', externalName: 'a.example' };
  const outside = changed(services, service(alias), old);
  t.match(specOf(outside), { clusterIP: undefined, clusterIPs: undefined, ipFamilies: undefined });
  t.same(sentences(services.check?.(outside)), []);
});

t.test('the address of a service stays', async (t) => {
  const old = made(services, service(allocated));
  const update = (spec: object) => {
    const next = changed(services, service({ ...allocated, ...spec }), old);
    return sentences(services.checkUpdate?.(next, old));
  };
  t.same(update({}), []);
  t.same(update({ clusterIP: '10.96.0.2' }), [
    'spec.clusterIPs[0]: Invalid value: []string{"10.96.0.2"}: may not change once set',
  ]);
  t.same(update({ ipFamilies: ['IPv6'] }), [
    'spec.ipFamilies[0]: Invalid value: []core.IPFamily{"IPv6"}: may not change once set',
  ]);
  t.same(update({ clusterIPs: ['10.96.0.1', 'fd00::1'], ipFamilies: ['IPv4', 'IPv6'] }), []);
});

t.test('only a service with a balancer has a balancer in its status', async (t) => {
  const check = (type: string, ingress: object) => {
    const object = made(services, service({ type }));
    const next = { ...object, status: { loadBalancer: { ingress: [ingress] } } };
    return sentences(services.checkStatusUpdate?.(next, object));
  };
  t.same(check('LoadBalancer', { ip: '1.2.3.4', ipMode: 'VIP' }), []);
  t.same(check('ClusterIP', { ip: '1.2.3.4', ipMode: 'VIP' }), [
    "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
  ]);
  t.same(check('LoadBalancer', { hostname: '1.2.3.4', ipMode: 'VIP' }), [
    'status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
    'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
  ]);
});

t.test('a service is warned of what it ignores', async (t) => {
  const warn = (spec: object) => services.warn?.(made(services, service(spec)), null);
  t.same(warn({}), []);
  t.same(warn({ clusterIP: 'None', externalIPs: ['10.0.0.9'], sessionAffinity: 'ClientIP' }), [
    'spec.externalIPs is ignored for headless services',
    'spec.SessionAffinity is ignored for headless services',
  ]);
  t.same(warn({ externalName: 'a' }), ['spec.externalName is ignored when spec.type is not "ExternalName"']);
});
