/** Objects of every kind that `kubectl describe` knows something of, and events about them. */
import type { Transcript } from '../testing/transcript.ts';

const inNamespace = `apiVersion: v1
kind: LimitRange
metadata: { name: limits, namespace: "{ns}" }
spec: { limits: [ { type: Container, default: { cpu: 100m }, max: { cpu: "2" } } ] }
---
apiVersion: v1
kind: ResourceQuota
metadata: { name: quota, namespace: "{ns}" }
spec: { hard: { configmaps: "7", count/deployments.apps: "3" } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: claim, namespace: "{ns}" }
spec: { accessModes: [ReadWriteOnce], storageClassName: "{ns}-slow", resources: { requests: { storage: 3Gi } } }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: base, namespace: "{ns}" }
spec:
  serviceName: base
  replicas: 2
  selector: { matchLabels: { app: base } }
  template:
    metadata: { labels: { app: base } }
    spec: { containers: [ { name: db, image: "postgres:16", envFrom: [ { secretRef: { name: login } } ] } ] }
  volumeClaimTemplates: [ { metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } } ]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: everywhere, namespace: "{ns}" }
spec:
  selector: { matchLabels: { app: everywhere } }
  template: { metadata: { labels: { app: everywhere } }, spec: { containers: [ { name: d, image: "d:1" } ] } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed, namespace: "{ns}" }
spec: { podSelector: { matchLabels: { app: base } }, policyTypes: [Ingress], ingress: [ { ports: [ { port: 5432 } ] } ] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: base, namespace: "{ns}" }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: base }
  maxReplicas: 4
  metrics: [ { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } } ]
---
apiVersion: v1
kind: Secret
metadata: { name: login, namespace: "{ns}" }
stringData: { password: hunter2 }
---
apiVersion: v1
kind: Endpoints
metadata: { name: outside, namespace: "{ns}" }
subsets: [ { addresses: [ { ip: 192.0.2.7 } ], ports: [ { name: web, port: 8080 } ] } ]
---
apiVersion: batch/v1
kind: Job
metadata: { name: once, namespace: "{ns}" }
spec: { completions: 3, parallelism: 2, template: { spec: { restartPolicy: Never, containers: [ { name: o, image: "o:1" } ] } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: often, namespace: "{ns}" }
spec:
  schedule: "*/5 * * * *"
  concurrencyPolicy: Forbid
  jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [ { name: o, image: "o:1" } ] } } } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: most, namespace: "{ns}" }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: base } } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: way, namespace: "{ns}" }
spec:
  tls: [ { hosts: [shop.example.com], secretName: login } ]
  rules: [ { host: shop.example.com, http: { paths: [ { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ] } } ]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: "{ns}" }
spec: { type: NodePort, selector: { app: base }, ports: [ { name: http, port: 80, targetPort: 8080 } ] }
---
apiVersion: v1
kind: Event
metadata: { name: heard.1, namespace: "{ns}" }
involvedObject: { apiVersion: v1, kind: Secret, name: login, namespace: "{ns}" }
type: Warning
reason: Overheard
message: somebody said it aloud
source: { component: ear }
firstTimestamp: "2026-01-01T00:00:00Z"
lastTimestamp: "2026-01-01T00:00:00Z"
count: 3
`;

const named = `apiVersion: v1
kind: Event
metadata: { name: named.1, namespace: "{ns}" }
involvedObject: { apiVersion: apps/v1, kind: StatefulSet, name: base, namespace: "{ns}", uid: "{uid}" }
type: Normal
reason: Named
message: it has a name
source: { component: ear }
firstTimestamp: "2026-01-01T00:00:00Z"
lastTimestamp: "2026-01-01T00:00:00Z"
count: 1
`;

const outside = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: "{ns}-slow" }
provisioner: example.com/tape
reclaimPolicy: Retain
---
apiVersion: v1
kind: PersistentVolume
metadata: { name: "{ns}-reel" }
spec: { capacity: { storage: 5Gi }, accessModes: [ReadWriteOnce], hostPath: { path: /reel }, storageClassName: "{ns}-slow" }
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: "{ns}-first" }
value: 1000
description: before others
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: "{ns}-door" }
spec: { controller: example.com/door }
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: { name: "{ns}-box" }
handler: box
---
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: "{ns}.tape.example.com" }
spec: { attachRequired: false }
`;

export const describing: Transcript = {
  name: 'describing objects of every kind',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'apply -f -', input: outside, says: [/storageclass\S+-slow created/, /csidriver\S+ created/] },
    {
      type: 'apply -f -',
      input: inNamespace,
      says: [/limitrange\/limits created/, /event\/heard.1 created/],
    },
    {
      type: 'describe namespace {ns}',
      says: [/^Status:\s+Active$/m, /configmaps\s+\d\s+7/, /Container\s+cpu\s+-\s+2\s+100m\s+100m\s+-/],
      soon: true,
    },
    {
      type: 'describe quota quota -n {ns}',
      says: /count\/deployments.apps\s+0\s+3/,
      soon: true,
    },
    { type: 'describe limitrange limits -n {ns}', says: /Container\s+cpu\s+-\s+2\s+100m\s+100m\s+-/ },
    {
      type: 'describe pvc claim -n {ns}',
      says: [/^StorageClass:\s+\S+-slow$/m, /^Finalizers:\s+\[kubernetes.io\/pvc-protection\]$/m],
    },
    {
      type: 'describe pv {ns}-reel',
      says: [/^Capacity:\s+5Gi$/m, /^Reclaim Policy:\s+Retain$/m, /Type:\s+HostPath/],
    },
    {
      type: 'describe storageclass {ns}-slow',
      says: [/^Provisioner:\s+example.com\/tape$/m, /^VolumeBindingMode:\s+Immediate$/m],
    },
    {
      type: 'get statefulset base -n {ns} -o jsonpath={.metadata.uid}',
      says: /^[0-9a-f-]{36}$/,
      keep: 'uid',
    },
    { type: 'apply -f -', input: named, says: /event\/named.1 created/ },
    {
      type: 'describe statefulset base -n {ns}',
      says: [
        /^Replicas:\s+2 desired \| 0 total$/m,
        /login\s+Secret\s+Optional: false/,
        /Capacity:\s+1Gi/,
        /Normal\s+Named\s+\S+\s+ear\s+it has a name/,
      ],
    },
    { type: 'describe daemonset everywhere -n {ns}', says: /Desired Number of Nodes Scheduled: 0/ },
    {
      type: 'describe networkpolicy closed -n {ns}',
      says: [/PodSelector:\s+app=base/, /To Port: 5432\/TCP/],
    },
    {
      type: 'describe hpa base -n {ns}',
      says: [/resource cpu on pods.*:\s+<unknown> \/ 60%/, /^Min replicas:\s+1$/m, /^Max replicas:\s+4$/m],
    },
    {
      type: 'describe secret login -n {ns}',
      says: [/^Type:\s+Opaque$/m, /^password:\s+7 bytes$/m],
      conceals: /hunter2|aHVudGVyMg/,
    },
    { type: 'describe endpoints outside -n {ns}', says: [/Addresses:\s+192.0.2.7/, /web\s+8080\s+TCP/] },
    { type: 'describe job once -n {ns}', says: [/^Completions:\s+3$/m, /Completion Mode:\s+NonIndexed/] },
    {
      type: 'describe cronjob often -n {ns}',
      says: [/^Concurrency Policy:\s+Forbid$/m, /^Suspend:\s+False$/m],
    },
    { type: 'describe pdb most -n {ns}', says: [/^Max unavailable:\s+1$/m, /^Selector:\s+app=base$/m] },
    {
      type: 'describe ingress way -n {ns}',
      says: [/login terminates shop.example.com/, /^\s+\/\s+web:80/m],
    },
    {
      type: 'describe service web -n {ns}',
      says: [
        /^Type:\s+NodePort$/m,
        /^IP Families:\s+IPv4$/m,
        /^TargetPort:\s+8080\/TCP$/m,
        /NodePort:.*3\d{4}/,
      ],
    },
    { type: 'describe serviceaccount default -n {ns}', says: /^Name:\s+default$/m, soon: true },
    {
      type: 'describe priorityclass {ns}-first',
      says: [/^Value:\s+1000$/m, /^PreemptionPolicy:\s+PreemptLowerPriority$/m],
    },
    { type: 'describe ingressclass {ns}-door', says: /^Controller:\s+example.com\/door$/m },
    { type: 'describe runtimeclass {ns}-box', says: /^Handler:\s+box$/m },
    { type: 'describe csidriver {ns}.tape.example.com', says: /Attach Required:\s+false/ },
    { type: 'describe clusterrole view', says: /configmaps\s+\[\]\s+\[\]\s+\[get list watch\]/ },
    { type: 'describe clusterrolebinding cluster-admin', says: /Group\s+system:masters/ },
    { type: 'describe flowschema exempt', says: /^Name:\s+exempt$/m },
    { type: 'describe configmap -n {ns}', says: /^Name:\s+kube-root-ca.crt$/m, soon: true },
    {
      type: 'get events -n {ns}',
      says: /LAST SEEN\s+TYPE\s+REASON\s+OBJECT\s+MESSAGE\n\S+\s+Warning\s+Overheard\s+secret\/login\s+somebody said it aloud/,
    },
    {
      type: 'get events -n {ns} -o wide',
      says: /Overheard\s+secret\/login\s+ear\s+somebody said it aloud\s+\S+\s+3\s+heard.1/,
    },
    {
      type: 'get events -n {ns} --field-selector=involvedObject.kind=StatefulSet',
      says: /Named/,
      conceals: /Overheard/,
    },
    {
      type: 'get events.v1.events.k8s.io heard.1 -n {ns} -o jsonpath={.note}/{.deprecatedCount}',
      says: /^somebody said it aloud\/3$/,
    },
    {
      type: 'events -n {ns} --types=Warning',
      says: /Warning\s+Overheard\s+Secret\/login/,
      conceals: /Named/,
    },
    {
      type: 'events -n {ns} --for=statefulset/base',
      says: /Normal\s+Named\s+StatefulSet\/base\s+it has a name/,
    },
    {
      type: 'get pvc,pv,sts,ds,hpa,job,cronjob,pdb,ingress -n {ns} -o name',
      says: [/^persistentvolumeclaim\/claim$/m, /^ingress.networking.k8s.io\/way$/m],
    },
    {
      type: 'get all -n {ns}',
      says: [/^service\/web\s/m, /^statefulset.apps\/base\s+0\/2/m, /^job.batch\/once\s+\S+\s+0\/3/m],
    },
    { type: 'delete namespace {ns} --wait=false' },
    {
      type: 'delete storageclass/{ns}-slow priorityclass/{ns}-first ingressclass/{ns}-door runtimeclass/{ns}-box csidriver/{ns}.tape.example.com',
      says: /csidriver\S+ "\S+" deleted/,
    },
    { type: 'delete pv {ns}-reel --wait=false', says: /persistentvolume "\S+-reel" deleted/ },
  ],
};
