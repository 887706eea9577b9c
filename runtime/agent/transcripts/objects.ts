/** Objects of every sort that kubectl can make, looked at and changed in every way. */
import type { Transcript } from '../testing/transcript.ts';
import { certificate, privateKey } from './keys.ts';

const configMap = (data: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: {ns}
data:
${data}
`;

export const generators: Transcript = {
  name: 'every generator of kubectl create',
  lines: [
    { type: 'create namespace {ns}', says: /namespace\/\S+ created/ },
    { type: 'create configmap a -n {ns} --from-literal=k=v', says: /^configmap\/a created$/m },
    {
      type: 'create configmap a -n {ns} --from-literal=k=v',
      code: 1,
      says: /configmaps "a" already exists/,
    },
    { type: 'create secret generic s -n {ns} --from-literal=password=hunter2', says: /secret\/s created/ },
    { type: 'get secret s -n {ns} -o jsonpath={.type}/{.data.password}', says: /^Opaque\/aHVudGVyMg==$/ },
    {
      type: 'create secret docker-registry r -n {ns} --docker-username=u --docker-password=p',
      says: /secret\/r created/,
    },
    { type: 'create serviceaccount robot -n {ns}', says: /serviceaccount\/robot created/ },
    {
      type: 'create role reader -n {ns} --verb=get,list --resource=pods,configmaps',
      says: /role.rbac.authorization.k8s.io\/reader created/,
    },
    {
      type: 'create rolebinding reads -n {ns} --role=reader --serviceaccount={ns}:robot',
      says: /rolebinding.rbac.authorization.k8s.io\/reads created/,
    },
    {
      type: 'create clusterrole {ns}-watcher --verb=get --non-resource-url=/metrics',
      says: /clusterrole.rbac.authorization.k8s.io\/\S+-watcher created/,
    },
    { type: 'create clusterrolebinding {ns}-watches --clusterrole={ns}-watcher --user=eve', says: /created/ },
    { type: 'create quota q -n {ns} --hard=pods=10,configmaps=20', says: /resourcequota\/q created/ },
    {
      type: 'create priorityclass {ns}-high --value=1000',
      says: /priorityclass.scheduling.k8s.io\/\S+-high created/,
    },
    {
      type: 'create poddisruptionbudget b -n {ns} --selector=app=web --min-available=1',
      says: /poddisruptionbudget.policy\/b created/,
    },
    { type: 'create job j -n {ns} --image=busybox -- true', says: /job.batch\/j created/ },
    {
      type: "create cronjob c -n {ns} --image=busybox --schedule='*/5 * * * *' -- true",
      says: /cronjob.batch\/c created/,
    },
    {
      type: 'create deployment web -n {ns} --image=nginx --replicas=2 --port=80',
      says: /deployment.apps\/web created/,
    },
    { type: 'create service clusterip in -n {ns} --tcp=80:8080', says: /service\/in created/ },
    { type: 'create service nodeport out -n {ns} --tcp=80', says: /service\/out created/ },
    { type: 'create service loadbalancer lb -n {ns} --tcp=443', says: /service\/lb created/ },
    {
      type: 'create service externalname ext -n {ns} --external-name=example.com',
      says: /service\/ext created/,
    },
    {
      type: "create ingress i -n {ns} --rule='example.com/=in:80'",
      says: /ingress.networking.k8s.io\/i created/,
    },
    {
      type: 'get services -n {ns} -o wide',
      says: [
        /^in\s+ClusterIP\s+10\.\S+\s+<none>\s+80\/TCP/m,
        /^out\s+NodePort\s+10\.\S+\s+<none>\s+80:3\d{4}\/TCP/m,
        /^lb\s+LoadBalancer\s+10\.\S+\s+<pending>/m,
        /^ext\s+ExternalName\s+<none>\s+example.com/m,
      ],
    },
    {
      type: 'create secret tls cert -n {ns} --cert={ns}/tls.crt --key={ns}/tls.key',
      files: { '{ns}/tls.crt': certificate, '{ns}/tls.key': privateKey },
      says: /secret\/cert created/,
    },
    {
      type: 'get secrets -n {ns} --sort-by=.type',
      says: /NAME\s+TYPE\s+DATA\s+AGE\ns\s+Opaque\s+1\s+\S+\nr\s+kubernetes.io\/dockerconfigjson\s+1\s+\S+\ncert\s+kubernetes.io\/tls\s+2/,
    },
    {
      type: 'create configmap files -n {ns} --from-file={ns}/tls.crt --from-env-file={ns}/env',
      files: { '{ns}/env': 'A=b\n' },
      code: 1,
      says: /from-env-file cannot be combined with from-file or from-literal/,
    },
    { type: 'create configmap files -n {ns} --from-file={ns}/tls.crt', says: /configmap\/files created/ },
    {
      type: "get configmap files -n {ns} -o 'jsonpath={.data.tls\\.crt}'",
      says: /^-----BEGIN CERTIFICATE-----$/m,
    },
    { type: 'create configmap env -n {ns} --from-env-file={ns}/env', says: /configmap\/env created/ },
    { type: 'get configmap env -n {ns} -o go-template={{.data.A}}', says: /^b$/ },
    {
      type: 'create secret generic basic -n {ns} --type=kubernetes.io/basic-auth --from-literal=user=u',
      code: 1,
      says: /data\[username\]: Required value|data\[password\]: Required value/,
    },
    {
      type: 'create clusterrole {ns}-sum --aggregation-rule=sum.example.com/of={ns}',
      says: /clusterrole.rbac.authorization.k8s.io\/\S+-sum created/,
    },
    { type: 'label clusterrole {ns}-watcher sum.example.com/of={ns}', says: /labeled/ },
    {
      type: 'get clusterrole {ns}-sum -o jsonpath={.rules[*].nonResourceURLs[*]}',
      says: /^\/metrics$/,
      soon: true,
    },
    {
      type: 'create poddisruptionbudget most -n {ns} --selector=app=web --max-unavailable=20%',
      says: /most created/,
    },
    { type: 'get pdb -n {ns}', says: [/^b\s+1\s+N\/A\s+0/m, /^most\s+N\/A\s+20%\s+0/m] },
    {
      type: "create ingress full -n {ns} --class=door --rule='a.example.com/x*=in:http,tls=cert' --annotation=k=v",
      says: /full created/,
    },
    { type: 'get ingress full -n {ns}', says: /^full\s+door\s+a.example.com\s+80, 443/m },
    {
      type: 'create quota some -n {ns} --hard=pods=4 --scopes=BestEffort',
      says: /resourcequota\/some created/,
    },
    { type: 'create service clusterip none -n {ns} --clusterip=None', says: /service\/none created/ },
    {
      type: 'create service clusterip wrong -n {ns} --tcp=80 --clusterip=10.1.2',
      code: 1,
      says: /spec.clusterIPs\[0\]: Invalid value: "10.1.2": must be a valid IP address/,
    },
    {
      type: 'create deployment Wrong -n {ns} --image=x',
      code: 1,
      says: /metadata.name: Invalid value: "Wrong": a lowercase RFC 1123 subdomain must consist of/,
    },
    { type: 'create token robot -n {ns}', says: /^ey\S+\.\S+\.\S+$/ },
    {
      type: 'create -n {ns} -f -',
      input:
        'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: made- }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: two }\n',
      says: /^configmap\/made-[a-z0-9]{5} created\nconfigmap\/two created\n$/,
    },
    {
      type: 'create --raw /api/v1/namespaces/{ns}/configmaps -f -',
      input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"}}',
      says: /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{.*"name":"raw"/,
    },
    {
      type: 'run lone -n {ns} --image=nginx --port=80 --env=A=b --labels=app=lone',
      says: /pod\/lone created/,
      soon: true,
    },
    {
      type: 'get pod lone -n {ns} -o jsonpath={.spec.containers[0].env[0].value}/{.spec.containers[0].ports[0].containerPort}/{.spec.serviceAccountName}/{.status.qosClass}',
      says: /^b\/80\/default\/BestEffort$/,
    },
    {
      type: 'run shown -n {ns} --image=nginx --expose --port=80',
      says: [/service\/shown created/, /pod\/shown created/],
    },
    { type: 'get service shown -n {ns} -o jsonpath={.spec.selector.run}', says: /^shown$/ },
    { type: 'run dry -n {ns} --image=nginx --dry-run=server', says: /pod\/dry created \(server dry run\)/ },
    { type: 'get pods -n {ns} -o name', says: /^pod\/lone\npod\/shown\n$/ },
    { type: 'delete namespace {ns} --wait=false', says: /namespace "\S+" deleted/ },
    {
      type: 'delete clusterrole/{ns}-sum clusterrole/{ns}-watcher clusterrolebinding/{ns}-watches priorityclass/{ns}-high',
      says: /deleted/,
    },
  ],
};

export const looking: Transcript = {
  name: 'looking at objects in every way',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'create configmap b -n {ns} --from-literal=k=v' },
    { type: 'create configmap a -n {ns} --from-literal=k=v --from-literal=l=w' },
    { type: 'label configmap a -n {ns} tier=front', says: /configmap\/a labeled/ },
    { type: 'get configmaps -n {ns} a b', says: /NAME\s+DATA\s+AGE\na\s+2\s+\S+\nb\s+1/ },
    {
      type: 'get configmap a -n {ns} -o yaml',
      says: [/^apiVersion: v1$/m, /^kind: ConfigMap$/m, /^ {2}namespace: \S+$/m, /resourceVersion: "\d+"/],
    },
    { type: 'get configmap a -n {ns} -o json', says: /"tier": "front"/ },
    { type: 'get configmaps -n {ns} -l tier=front -o name', says: /^configmap\/a\n$/ },
    { type: "get configmaps -n {ns} -l 'tier notin (front)' -o name", says: /configmap\/b/ },
    { type: 'get configmaps -n {ns} --field-selector=metadata.name=b -o name', says: /^configmap\/b\n$/ },
    {
      type: 'get configmaps -n {ns} --field-selector=data.k=v',
      code: 1,
      says: /"data\.k" is not a known field selector: only "metadata\.name", "metadata\.namespace"/,
    },
    { type: 'get configmaps a b -n {ns} --sort-by=.data.l -o name' },
    { type: 'get configmaps -n {ns} --show-labels', says: /tier=front/ },
    { type: 'get configmaps -n {ns} -L tier', says: /^a\s+2\s+\S+\s+front$/m },
    { type: 'get configmaps -n {ns} -o custom-columns=N:.metadata.name,K:.data.k', says: /^a\s+v$/m },
    { type: 'get configmaps -n {ns} --chunk-size=1 -o name', says: [/configmap\/a/, /configmap\/b/] },
    {
      type: 'get configmap nothing -n {ns}',
      code: 1,
      says: /Error from server \(NotFound\): configmaps "nothing" not found/,
    },
    { type: 'get configmap nothing -n {ns} --ignore-not-found', says: /^$/ },
    { type: 'get nothings', code: 1, says: /the server doesn't have a resource type "nothings"/ },
    { type: 'describe configmap a -n {ns}', says: [/^Name:\s+a$/m, /^Labels:\s+tier=front$/m, /BinaryData/] },
    {
      type: 'get --raw /api/v1/namespaces/{ns}/configmaps/a',
      says: /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{/,
    },
    { type: 'get --raw /healthz', says: /^ok$/ },
    { type: 'get --raw /openapi/v3', says: /"apis\/apps\/v1"/ },
    { type: 'api-versions', says: [/^apps\/v1$/m, /^v1$/m] },
    {
      type: 'api-resources --namespaced=true --verbs=list -o name',
      says: [/^deployments\.apps$/m, /^pods$/m],
    },
    {
      type: 'explain deployment.spec.strategy',
      says: [/GROUP:\s+apps/, /FIELD: strategy <DeploymentStrategy>/],
    },
    { type: 'explain pods --recursive', says: /containers\s+<\[\]Container> -required-/ },
    { type: 'cluster-info', says: /Kubernetes control plane.*is running at/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};

export const changing: Transcript = {
  name: 'changing objects in every way',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'apply -f -', input: configMap('  a: "1"\n  b: "2"'), says: /configmap\/settings created/ },
    { type: 'apply -f -', input: configMap('  a: "1"\n  b: "2"'), says: /configmap\/settings unchanged/ },
    {
      type: 'diff -f -',
      input: configMap('  a: "3"'),
      code: 1,
      says: [/^-\s+a: "1"$/m, /^\+\s+a: "3"$/m, /^-\s+b: "2"$/m],
    },
    { type: 'apply -f -', input: configMap('  a: "3"'), says: /configmap\/settings configured/ },
    { type: 'get configmap settings -n {ns} -o jsonpath={.data}', says: /^\{"a":"3"\}$/ },
    {
      type: 'apply -f - --dry-run=server',
      input: configMap('  a: "4"'),
      says: /configured \(server dry run\)/,
    },
    { type: 'get configmap settings -n {ns} -o jsonpath={.data.a}', says: /^3$/ },
    {
      type: 'apply --server-side --force-conflicts -f -',
      input: configMap('  a: "6"'),
      says: /serverside-applied/,
    },
    {
      type: 'apply --server-side --field-manager=other -f -',
      input: configMap('  a: "7"'),
      code: 1,
      says: /Apply failed with 1 conflict: conflict with "kubectl": \.data\.a/,
    },
    {
      type: 'apply --server-side --field-manager=other -f -',
      input: configMap('  d: "8"'),
      says: /serverside-applied/,
    },
    { type: 'get configmap settings -n {ns} -o jsonpath={.data.a}{.data.d}', says: /^68$/ },
    { type: 'patch configmap settings -n {ns} -p \'{"data":{"e":"9"}}\'', says: /patched/ },
    { type: 'patch configmap settings -n {ns} --type=merge -p \'{"data":{"e":null}}\'', says: /patched/ },
    {
      type: 'patch configmap settings -n {ns} --type=json -p \'[{"op":"test","path":"/data/a","value":"6"},{"op":"replace","path":"/data/a","value":"10"}]\'',
      says: /patched/,
    },
    {
      type: 'patch configmap settings -n {ns} --type=json -p \'[{"op":"test","path":"/data/a","value":"x"}]\'',
      code: 1,
      says: /the server rejected our request|testing value \/data\/a failed|Invalid/,
    },
    { type: 'annotate configmap settings -n {ns} note=hello', says: /annotated/ },
    { type: 'annotate configmap settings -n {ns} note=again', code: 1, says: /already has a value/ },
    { type: 'annotate configmap settings -n {ns} note-', says: /annotated/ },
    { type: 'replace -f -', input: configMap('  z: "1"'), says: /configmap\/settings replaced/ },
    { type: 'get configmap settings -n {ns} -o jsonpath={.data}', says: /^\{"z":"1"\}$/ },
    {
      type: 'apply -f - --validate=strict',
      input: configMap('  z: "1"').replace('\ndata:', '\ndat:'),
      code: 1,
      says: /strict decoding error: unknown field "dat"/,
    },
    { type: 'delete configmap settings -n {ns}', says: /configmap "settings" deleted/ },
    { type: 'delete configmap settings -n {ns}', code: 1, says: /NotFound/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};
