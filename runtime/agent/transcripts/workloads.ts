/** Workloads, as kubectl changes them; nothing runs them yet, so that no status comes about by itself. */
import type { Transcript } from '../testing/transcript.ts';

const pod = `apiVersion: v1
kind: Pod
metadata: { name: p, namespace: "{ns}", labels: { app: p } }
spec: { containers: [ { name: c, image: nginx, ports: [ { containerPort: 80 } ] } ] }
`;

const prunable = (name: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: "{ns}", labels: { set: pruned } }
`;

export const workloads: Transcript = {
  name: 'workloads',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'create deployment web -n {ns} --image=nginx:1 --replicas=2' },
    {
      type: 'get deployment web -n {ns} -o jsonpath={.spec.strategy.type}/{.spec.revisionHistoryLimit}/{.metadata.generation}',
      says: /^RollingUpdate\/10\/1$/,
    },
    { type: 'scale deployment web -n {ns} --replicas=3', says: /deployment.apps\/web scaled/ },
    {
      type: 'scale deployment web -n {ns} --replicas=4 --current-replicas=1',
      code: 1,
      says: /Expected replicas to be 1, was 3/,
    },
    {
      type: 'get deployment web -n {ns} -o jsonpath={.spec.replicas}/{.metadata.generation}',
      says: /^3\/2$/,
    },
    {
      type: 'get --raw /apis/apps/v1/namespaces/{ns}/deployments/web/scale',
      says: /"kind":"Scale".*"replicas":3/,
    },
    {
      type: 'autoscale deployment web -n {ns} --min=1 --max=5 --cpu-percent=50',
      says: /horizontalpodautoscaler.autoscaling\/web autoscaled/,
    },
    { type: 'get hpa web -n {ns} -o jsonpath={.spec.maxReplicas}', says: /^5$/ },
    {
      type: 'get --raw /apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers/web',
      says: /"targetCPUUtilizationPercentage":50/,
    },
    {
      type: 'get --raw /apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers/web',
      says: /"averageUtilization":50/,
    },
    { type: 'set image deployment/web -n {ns} nginx=nginx:2', says: /deployment.apps\/web image updated/ },
    { type: 'set env deployment/web -n {ns} A=b', says: /env updated/ },
    {
      type: 'set resources deployment/web -n {ns} --limits=cpu=200m,memory=64Mi',
      says: /resource requirements updated/,
    },
    { type: 'set serviceaccount deployment/web -n {ns} robot', says: /serviceaccount updated/ },
    {
      type: 'rollout undo deployment/web -n {ns}',
      code: 1,
      says: /no rollout history found for deployment "web"/,
    },
    {
      type: 'rollout history deployment/web -n {ns} --revision=7',
      says: /with revision #7\nNo rollout history found/,
    },
    { type: 'set env deployment/web -n {ns} --list', says: /# Deployment web, container nginx\nA=b/ },
    { type: 'set env deployment/web -n {ns} A-', says: /env updated/ },
    { type: 'set env deployment/web -n {ns} --list', conceals: /A=b/ },
    { type: 'set selector service/none -n {ns} a=b', code: 1, says: /NotFound/ },
    {
      type: 'get deployment web -n {ns} -o jsonpath={.spec.template.spec.containers[0].image}/{.spec.template.spec.containers[0].resources.limits.memory}',
      says: /^nginx:2\/64Mi$/,
    },
    { type: 'rollout pause deployment/web -n {ns}', says: /deployment.apps\/web paused/ },
    { type: 'rollout resume deployment/web -n {ns}', says: /deployment.apps\/web resumed/ },
    { type: 'rollout restart deployment/web -n {ns}', says: /deployment.apps\/web restarted/ },
    { type: 'rollout history deployment/web -n {ns}', says: /deployment.apps\/web/ },
    { type: 'rollout status deployment/web -n {ns} --watch=false', says: /Waiting for deployment/ },
    { type: 'expose deployment web -n {ns} --port=80', says: /service\/web exposed/ },
    { type: 'get service web -n {ns} -o jsonpath={.spec.selector.app}', says: /^web$/ },
    {
      type: 'expose service web -n {ns} --name=again --port=81 --target-port=8080 --type=NodePort',
      says: /service\/again exposed/,
    },
    { type: 'set selector service again -n {ns} tier=front', says: /service\/again selector updated/ },
    { type: 'get service again -n {ns} -o jsonpath={.spec.selector}', says: /^\{"tier":"front"\}$/ },
    {
      type: 'patch deployment web -n {ns} -p \'{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"busybox"}]}}}}\'',
      says: /patched/,
    },
    {
      type: 'get deployment web -n {ns} -o jsonpath={.spec.template.spec.containers[*].name}',
      says: /side nginx|nginx side/,
    },
    {
      type: 'patch deployment web -n {ns} --type=merge -p \'{"spec":{"selector":{"matchLabels":{"app":"x"}}}}\'',
      code: 1,
      says: /field is immutable/,
    },
    {
      type: 'patch deployment web -n {ns} --type=merge -p \'{"spec":{"replicas":-1}}\'',
      code: 1,
      says: /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    },
    {
      type: 'patch deployment web -n {ns} --subresource=status --type=merge -p \'{"status":{"replicas":3}}\'',
      says: /patched/,
    },
    { type: 'get deployment web -n {ns}', says: /^web\s+0\/3/m },
    {
      type: 'rollout status deployment/web -n {ns} --timeout=1s',
      code: 1,
      says: [/Waiting for deployment/, /timed out waiting for the condition/],
    },
    {
      type: 'autoscale deployment web -n {ns} --max=3',
      code: 1,
      says: /horizontalpodautoscalers.autoscaling "web" already exists/,
    },
    { type: 'describe deployment web -n {ns}', says: [/^Name:\s+web$/m, /StrategyType:\s+RollingUpdate/] },
    // The account that it runs as is made by a controller, which may just have moved to another node.
    { type: 'apply -f -', input: pod, says: /pod\/p created/, soon: true },
    { type: 'get pod p -n {ns}', says: /^p\s+0\/1\s+Pending\s+0/m },
    { type: 'get pod p -n {ns} -o wide --show-labels', says: /app=p/ },
    { type: 'describe pod p -n {ns}', says: [/^Status:\s+Pending$/m, /QoS Class:\s+BestEffort/] },
    {
      type: 'patch pod p -n {ns} -p \'{"spec":{"restartPolicy":"Never"}}\'',
      code: 1,
      says: /pod updates may not change fields other than/,
    },
    { type: 'set image pod/p -n {ns} c=nginx:3', says: /image updated/ },
    { type: 'logs p -n {ns}', code: 1, says: /runs no containers yet, so there is no log to show/ },
    {
      type: 'logs p -n {ns} -f --tail=3',
      code: 1,
      says: /ServiceUnavailable.*runs no containers yet, so there is no log to show/,
    },
    {
      type: 'exec p -n {ns} -- true',
      code: 1,
      says: /runs no containers yet, so nothing can be run in a pod/,
    },
    { type: 'attach p -n {ns}', code: 1, says: /runs no containers yet, so there is nothing to attach to/ },
    {
      type: 'cp {ns}/p:/etc/hosts here -n {ns}',
      code: 1,
      says: /runs no containers yet, so nothing can be run in a pod/,
    },
    {
      type: 'port-forward p -n {ns} :80',
      code: 1,
      says: /unable to forward port because pod is not running. Current status=Pending/,
    },
    { type: 'debug p -n {ns} --image=busybox --attach=false -c look', says: /^$/ },
    { type: 'get pod p -n {ns} -o jsonpath={.spec.ephemeralContainers[0].name}', says: /^look$/ },
    { type: 'top pod p -n {ns}', code: 1, says: /^error: Metrics API not available$/m },
    {
      type: 'patch pod p -n {ns} --subresource=status -p \'{"status":{"phase":"Running"}}\'',
      says: /patched/,
    },
    {
      type: 'port-forward p -n {ns} :80',
      code: 1,
      says: /runs no containers yet, so no port of a pod can be reached/,
    },
    {
      type: 'patch pod p -n {ns} --subresource=status -p \'{"status":{"phase":"Pending"}}\'',
      says: /patched/,
    },
    {
      type: 'wait pod/p -n {ns} --for=condition=Ready --timeout=1s',
      code: 1,
      says: /timed out waiting for the condition on pods\/p/,
    },
    {
      type: 'wait pod/p -n {ns} --for=jsonpath={.status.phase}=Pending --timeout=20s',
      says: /pod\/p condition met/,
    },
    { type: 'delete pod p -n {ns} --wait=true --timeout=30s', says: /pod "p" deleted/ },
    { type: 'create job j -n {ns} --image=busybox -- true' },
    {
      type: 'get job j -n {ns} -o jsonpath={.spec.backoffLimit}/{.spec.completionMode}/{.spec.template.spec.restartPolicy}',
      says: /^6\/NonIndexed\/Never$/,
    },
    { type: "create cronjob c -n {ns} --image=busybox --schedule='0 0 * * *'" },
    { type: 'create job from -n {ns} --from=cronjob/c', says: /job.batch\/from created/ },
    {
      type: "create cronjob wrong -n {ns} --image=busybox --schedule='0 0 * *'",
      code: 1,
      says: /spec\.schedule: Invalid value/,
    },
    {
      type: 'apply -f - --prune -l set=pruned -n {ns}',
      input: `${prunable('one')}---\n${prunable('two')}`,
      says: /configmap\/two created/,
    },
    {
      type: 'apply -f - --prune -l set=pruned -n {ns}',
      input: prunable('two'),
      says: /configmap\/one pruned/,
    },
    {
      type: 'delete deployment web -n {ns} --cascade=orphan',
      says: /deployment.apps "web" deleted/,
    },
    { type: 'delete jobs --all -n {ns} --cascade=background', says: /job.batch "j" deleted/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};
