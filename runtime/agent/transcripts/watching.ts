/** What goes on: watches, waiting, the proxy; and what of the server is no object. */
import type { Transcript } from '../testing/transcript.ts';

const note = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: note, namespace: "{ns}" }
data: { k: "${data}" }
`;

const anchor = `apiVersion: v1
kind: ConfigMap
metadata: { name: anchor, namespace: "{ns}", labels: { seen: "yes" } }
`;

export const watching: Transcript = {
  name: 'watching and waiting',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'apply -f -', input: anchor, says: /created/ },
    {
      type: 'get configmaps -n {ns} --watch --output-watch-events -l seen',
      begins: /^EVENT\s+NAME\s+DATA\s+AGE\nADDED\s+anchor\s+0\s+\S+\n/,
      meanwhile: [
        { type: 'apply -f -', input: note('1') },
        { type: 'label configmap note -n {ns} --overwrite seen=yes', says: /labeled/ },
        { type: 'patch configmap note -n {ns} -p \'{"data":{"l":"2"}}\'', says: /patched/ },
        { type: 'label configmap note -n {ns} seen-', says: /unlabeled/ },
        { type: 'delete configmap note -n {ns}', says: /deleted/ },
      ],
      // What leaves the selection is gone for who watches it.
      says: /\nADDED\s+note\s+1\s+\S+\nMODIFIED\s+note\s+2\s+\S+\nDELETED\s+note\s+2\s+\S+\n$/,
    },
    { type: 'apply -f -', input: note('1'), says: /created/ },
    {
      type: 'get configmap note -n {ns} -w -o jsonpath={.data.k}{"\\n"}',
      begins: /^1\n/,
      meanwhile: [{ type: 'apply -f -', input: note('2') }],
      says: /^1\n2\n$/,
    },
    {
      type: 'get configmap note -n {ns} --watch-only -o jsonpath={.data.k}{"\\n"} --request-timeout=1s',
      says: /^$/,
    },
    {
      type: 'wait configmap/note -n {ns} --for=delete --timeout=60s',
      meanwhile: [{ type: 'delete configmap note -n {ns} --ignore-not-found' }],
      says: /^(configmap\/note condition met\n)?$/,
    },
    { type: 'get configmap note -n {ns}', code: 1, says: /NotFound/ },
    {
      type: 'wait configmap/late -n {ns} --for=create --timeout=60s',
      meanwhile: [{ type: 'create configmap late -n {ns}' }],
      says: /^configmap\/late condition met$/m,
    },
    {
      type: 'wait configmap/late -n {ns} --for=jsonpath={.data.k}=v --timeout=60s',
      meanwhile: [{ type: 'patch configmap late -n {ns} -p \'{"data":{"k":"v"}}\'' }],
      says: /^configmap\/late condition met$/m,
    },
    {
      type: 'wait configmap/late -n {ns} --for=delete --timeout=1s',
      code: 1,
      says: /timed out waiting for the condition on configmaps\/late/,
    },
    {
      type: 'proxy --port=0',
      begins: /Starting to serve on \S+\n/,
      keep: 'proxy',
      keeps: /serve on (\S+)/,
      meanwhile: [
        {
          type: 'get --raw /api/v1/namespaces/{ns}/configmaps/late --server=http://{proxy}',
          says: /"name":"late","namespace":"/,
          soon: true,
        },
        {
          type: 'get --raw /api/v1/namespaces/{ns}/pods/p/exec --server=http://{proxy}',
          code: 1,
          says: /Forbidden/,
        },
      ],
      says: /Starting to serve on 127\.0\.0\.1:\d+/,
    },
    { type: 'delete namespace {ns}', says: /namespace "\S+" deleted/ },
    { type: 'get namespace {ns}', code: 1, says: /namespaces "\S+" not found/ },
  ],
};

export const server: Transcript = {
  name: 'what the server says of itself',
  lines: [
    { type: 'version', says: [/^Client Version: v1\.32\.3$/m, /^Server Version: v1\.32\.3\+trivet\./m] },
    {
      type: 'api-resources',
      says: [
        /^NAME\s+SHORTNAMES\s+APIVERSION\s+NAMESPACED\s+KIND$/m,
        /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m,
        /^nodes\s+no\s+v1\s+false\s+Node$/m,
        /^customresourcedefinitions\s+crd,crds\s+apiextensions.k8s.io\/v1\s+false/m,
        /^horizontalpodautoscalers\s+hpa\s+autoscaling\/v2\s+true/m,
      ],
    },
    {
      type: 'api-resources --api-group=apps -o name',
      says: /^controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n$/,
    },
    {
      type: 'api-resources --categories=all -o name',
      says: [/^pods$/m, /^services$/m],
      conceals: /configmaps/,
    },
    {
      type: 'api-versions',
      says: /^admissionregistration.k8s.io\/v1\napiextensions.k8s.io\/v1\napiregistration.k8s.io\/v1\napps\/v1\n/,
    },
    { type: 'get --raw /version', says: /"gitVersion":\s*"v1\.32\.3\+trivet/ },
    { type: 'get --raw /livez?verbose', says: [/\[\+\]ping ok/, /livez check passed/] },
    { type: 'get --raw /healthz', says: /^ok$/ },
    { type: 'get --raw /livez/ping', says: /^ok$/ },
    { type: 'get --raw /livez/poststarthook/none', code: 1, says: /could not find the requested resource/ },
    { type: 'get --raw /', says: [/"\/apis\/apps\/v1",/, /"\/livez\/ping",/, /"\/openid\/v1\/jwks",/] },
    { type: 'get --raw /metrics', says: /^apiserver_request_total\{/m },
    {
      type: 'get --raw /version?timeout=soon',
      code: 1,
      says: /invalid timeout specified in the request URL/,
    },
    { type: 'get --raw /readyz', says: /^ok$/, soon: true },
    { type: 'get --raw /apis/apps', says: /"preferredVersion":\{"groupVersion":"apps\/v1","version":"v1"\}/ },
    { type: 'get --raw /nowhere', code: 1, says: /the server could not find the requested resource/ },
    { type: 'get --raw /.well-known/openid-configuration', says: /"jwks_uri"/ },
    { type: 'get --raw /openid/v1/jwks', says: /"kty":\s*"RSA"/ },
    { type: 'cluster-info', says: /Kubernetes control plane.*is running at.*https:\/\/127\.0\.0\.1:\d+/ },
    {
      type: 'cluster-info dump --namespaces=default',
      says: [/"kind": "NodeList"/, /"kind": "EventList"/, /"kind": "PodList"/],
    },
    { type: 'config view', says: [/certificate-authority-data: DATA\+OMITTED/, /current-context: test/] },
    { type: 'config get-contexts -o name', says: /^test$/m },
    { type: 'config current-context', says: /^test\n$/ },
    { type: 'top nodes', code: 1, says: /^error: Metrics API not available$/m },
    { type: 'top pods', code: 1, says: /^error: Metrics API not available$/m },
    { type: 'explain pod.spec.containers.image', says: [/FIELD: image <string>/, /Container image name/] },
    { type: 'explain pod.spec.nothing', code: 1, says: /field "nothing" does not exist/ },
    {
      type: 'explain crd.spec',
      says: [/GROUP:\s+apiextensions.k8s.io/, /versions\s+<\[\]CustomResourceDefinitionVersion> -required-/],
    },
    {
      type: 'explain hpa --api-version=autoscaling/v1 --recursive',
      says: /targetCPUUtilizationPercentage\s+<integer>/,
    },
    { type: 'explain job -o plaintext-openapiv2', says: /KIND:\s+Job/ },
  ],
};
