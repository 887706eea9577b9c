/** Files that become objects and change them: apply in all its ways, edit, replace, and what goes away with what. */
import type { Transcript } from '../testing/transcript.ts';

const configMap = (name: string, data: string, more = ''): string => `apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, namespace: "{ns}"${more} }
data: { ${data} }
`;

const service = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: "{ns}" }
spec: { selector: { app: web }, ports: [ { name: http, port: 80 } ] }
`;

const kustomization = `namespace: "{ns}"
namePrefix: pre-
commonAnnotations: { made: here }
resources: [parts.yaml]
configMapGenerator: [ { name: made, literals: [k=v] } ]
`;

const owned = (name: string, blocks: boolean): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: "{ns}"
  ownerReferences: [ { apiVersion: v1, kind: ConfigMap, name: owner, uid: "{owner}", blockOwnerDeletion: ${blocks} } ]
`;

export const applying: Transcript = {
  name: 'applying files',
  lines: [
    { type: 'create namespace {ns}' },
    {
      type: 'create -f -',
      input: configMap('late', 'k: v'),
      says: /configmap\/late created/,
    },
    {
      type: 'apply -f -',
      input: configMap('late', 'k: v'),
      says: /configmap\/late configured/,
      warns:
        /resource configmaps\/late is missing the kubectl.kubernetes.io\/last-applied-configuration annotation/,
    },
    { type: 'apply view-last-applied configmap/late -n {ns} -o json', says: /"data": \{\s+"k": "v"\s+\}/ },
    {
      type: 'apply set-last-applied -f -',
      input: configMap('late', 'k: w'),
      says: /configmap\/late configured/,
    },
    { type: 'apply view-last-applied configmap/late -n {ns}', says: /^data:\n\s+k: w$/m },
    { type: 'get configmap late -n {ns} -o jsonpath={.data.k}', says: /^v$/ },
    {
      type: 'apply edit-last-applied configmap/late -n {ns}',
      editor: 'sed -i s/w$/edited/',
      says: /configmap\/late edited/,
    },
    { type: 'apply view-last-applied configmap/late -n {ns}', says: /^data:\n\s+k: edited$/m },
    // A field that was applied and is not any more is taken away, one that somebody else has set stays.
    { type: 'patch configmap late -n {ns} --type=merge -p \'{"data":{"theirs":"1"}}\'', says: /patched/ },
    { type: 'apply -f -', input: configMap('late', 'l: x'), says: /configured/ },
    { type: 'get configmap late -n {ns} -o jsonpath={.data}', says: /^\{"l":"x","theirs":"1"\}$/ },
    {
      type: 'get configmap late -n {ns} --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}',
      says: [/kubectl-client-side-apply/, /kubectl-patch/],
    },
    {
      type: 'apply --server-side -f - --field-manager=ship',
      input: configMap('made', 'a: "1"'),
      says: /configmap\/made serverside-applied/,
    },
    {
      type: 'apply --server-side -f - --field-manager=crane',
      input: configMap('made', 'a: "2"'),
      code: 1,
      says: [/Apply failed with 1 conflict: conflict with "ship": \.data\.a/, /--force-conflicts/],
    },
    {
      type: 'apply --server-side -f - --field-manager=crane --force-conflicts',
      input: configMap('made', 'a: "2", b: "3"'),
      says: /serverside-applied/,
    },
    { type: 'apply --server-side -f - --field-manager=crane', input: configMap('made', 'b: "3"') },
    // What one manager alone has applied goes when it does not apply it any more.
    { type: 'get configmap made -n {ns} -o jsonpath={.data}', says: /^\{"b":"3"\}$/ },
    {
      type: 'diff --server-side -f - --field-manager=crane',
      input: configMap('made', 'b: "4"'),
      code: 1,
      says: /^\+\s+b: "4"$/m,
    },
    { type: 'diff -f -', input: configMap('unmade', 'b: "4"'), code: 1, says: /^\+kind: ConfigMap$/m },
    { type: 'diff -f -', input: configMap('late', 'l: x'), says: /^$/ },
    {
      type: 'apply -k {ns}/kit',
      files: { '{ns}/kit/kustomization.yaml': kustomization, '{ns}/kit/parts.yaml': service },
      says: [/^configmap\/pre-made-\S+ created$/m, /^service\/pre-web created$/m],
    },
    { type: 'get service pre-web -n {ns} -o jsonpath={.metadata.annotations.made}', says: /^here$/ },
    { type: 'diff -k {ns}/kit', says: /^$/ },
    { type: 'delete -k {ns}/kit', says: [/configmap "pre-made-\S+" deleted/, /service "pre-web" deleted/] },
    {
      type: 'apply -n {ns} -f - --prune -l set=p --prune-allowlist=core/v1/ConfigMap --prune-allowlist=core/v1/Service',
      input: configMap('one', 'a: b', ', labels: { set: p }'),
      says: /configmap\/one created/,
    },
    {
      type: 'apply -n {ns} -f - --prune -l set=p --prune-allowlist=core/v1/ConfigMap',
      input: configMap('two', 'a: b', ', labels: { set: p }'),
      says: [/configmap\/two created/, /configmap\/one pruned/],
    },
    {
      type: 'apply -f -',
      input: `${configMap('x', 'a: b')}---\n{"kind": "ConfigMap"`,
      code: 1,
      says: /error (parsing|converting)/,
    },
    {
      type: 'apply -f -',
      input: 'apiVersion: v9\nkind: Nothing\nmetadata: { name: a }\n',
      code: 1,
      says: /no matches for kind "Nothing" in version "v9"/,
    },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};

export const editing: Transcript = {
  name: 'editing, replacing, deleting',
  lines: [
    { type: 'create namespace {ns}' },
    { type: 'apply -f -', input: service, says: /service\/web created/ },
    {
      type: 'edit service web -n {ns}',
      editor: 'sed -i s/app:.web/app:web/',
      code: 1,
      // It is no object of its kind any more: `selector` is a text.
      says: [/services "web" is invalid/, /Edit cancelled, no valid changes were saved/],
    },
    { type: 'edit service web -n {ns}', editor: 'sed -i s/TCP/UDP/', says: /^service\/web edited$/m },
    { type: 'get service web -n {ns} -o jsonpath={.spec.ports[0].protocol}', says: /^UDP$/ },
    {
      type: 'edit service web -n {ns}',
      editor: 'sed -i s/UDP/PIGEON/',
      code: 1,
      says: [/services "web" is invalid/, /Edit cancelled, no valid changes were saved/],
    },
    { type: 'get service web -n {ns} -o jsonpath={.spec.ports[0].protocol}', says: /^UDP$/ },
    {
      type: 'edit service web -n {ns}',
      editor: 'true',
      says: /^$/,
      warns: /Edit cancelled, no changes made/,
    },
    { type: 'create deployment d -n {ns} --image=nginx' },
    {
      type: 'patch deployment d -n {ns} --subresource=status --type=merge -p \'{"status":{"conditions":[{"type":"Available","status":"False","reason":"Waiting"}]}}\'',
      says: /patched/,
    },
    {
      type: 'edit deployment d -n {ns} --subresource=status',
      editor: 'sed -i s/Waiting/Sleeping/',
      says: /deployment.apps\/d edited/,
    },
    {
      type: 'get deployment d -n {ns} --subresource=status -o jsonpath={.status.conditions[0].reason}',
      says: /^Sleeping$/,
    },
    // A change of the rest does not go through the place of the status.
    {
      type: 'edit deployment d -n {ns} --subresource=status',
      editor: 'sed -i s/nginx/httpd/',
      says: /d (edited|skipped)/,
    },
    {
      type: 'get deployment d -n {ns} -o jsonpath={.spec.template.spec.containers[0].image}',
      says: /^nginx$/,
    },
    {
      type: 'wait deployment/d -n {ns} --for=condition=Available=False --timeout=20s',
      says: /condition met/,
    },
    {
      type: 'create deployment second -n {ns} --image=nginx --dry-run=client -o yaml',
      says: /^status: \{\}$/m,
    },
    {
      type: 'create deployment second -n {ns} --image=nginx --dry-run=server -o yaml',
      says: /^ {2}uid: /m,
      conceals: /resourceVersion/,
    },
    { type: 'get deployment second -n {ns}', code: 1, says: /NotFound/ },
    { type: 'create configmap early -n {ns} --from-literal=k=v' },
    { type: 'replace -f -', input: configMap('early', 'k: w'), says: /configmap\/early replaced/ },
    {
      type: 'replace -f -',
      input: configMap('nowhere', 'k: w'),
      code: 1,
      says: /configmaps "nowhere" not found/,
    },
    { type: 'get configmap early -n {ns} -o jsonpath={.metadata.uid}', keep: 'before' },
    {
      type: 'replace --force -f -',
      input: configMap('early', 'k: x'),
      says: [/configmap "early" deleted/, /configmap\/early replaced/],
    },
    { type: "get configmap early -n {ns} -o jsonpath='{.data.k}'", says: /^x$/ },
    {
      type: 'get configmap early -n {ns} -o jsonpath={.metadata.uid}',
      says: /^[0-9a-f-]{36}$/,
      keep: 'after',
    },
    {
      type: 'replace -f -',
      input: configMap('early', 'k: y', ', resourceVersion: "1"'),
      code: 1,
      says: /the object has been modified; please apply your changes to the latest version/,
    },
    { type: 'annotate configmaps --all -n {ns} --overwrite note=all', says: /configmap\/early annotated/ },
    { type: 'label configmap early -n {ns} tier=front', says: /labeled/ },
    {
      type: 'label configmap early -n {ns} tier=back',
      code: 1,
      says: /'tier' already has a value \(front\)/,
    },
    { type: 'label configmap early -n {ns} tier=back --overwrite', says: /labeled/ },
    { type: 'label configmap early -n {ns} --list', says: /tier=back/ },
    {
      type: 'annotate configmap early -n {ns} note=other --overwrite --resource-version=1',
      code: 1,
      says: /the object has been modified/,
    },
    { type: 'create configmap owner -n {ns}' },
    { type: 'get configmap owner -n {ns} -o jsonpath={.metadata.uid}', keep: 'owner' },
    {
      type: 'apply -f -',
      input: `${owned('kept', false)}---\n${owned('also', false)}`,
      says: /kept created/,
    },
    { type: 'delete configmap owner -n {ns} --cascade=orphan', says: /"owner" deleted/ },
    { type: 'get configmap kept -n {ns} -o jsonpath={.metadata.ownerReferences}', says: /^$/, soon: true },
    { type: 'create configmap owner -n {ns}' },
    { type: 'get configmap owner -n {ns} -o jsonpath={.metadata.uid}', keep: 'owner' },
    { type: 'apply -f -', input: owned('follows', true), says: /follows created/ },
    // In the foreground what is owned goes first, and kubectl waits.
    { type: 'delete configmap owner -n {ns} --cascade=foreground --timeout=60s', says: /"owner" deleted/ },
    { type: 'get configmap follows -n {ns}', code: 1, says: /NotFound/ },
    { type: 'create configmap owner -n {ns}' },
    { type: 'get configmap owner -n {ns} -o jsonpath={.metadata.uid}', keep: 'owner' },
    { type: 'apply -f -', input: owned('later', true), says: /later created/ },
    { type: 'delete configmap owner -n {ns} --cascade=background', says: /"owner" deleted/ },
    { type: 'get configmap later -n {ns}', code: 1, says: /NotFound/, soon: true },
    { type: 'create configmap held -n {ns}' },
    {
      type: 'patch configmap held -n {ns} --type=merge -p \'{"metadata":{"finalizers":["example.com/held"]}}\'',
      says: /patched/,
    },
    {
      type: 'delete configmap held -n {ns} --timeout=1s',
      code: 1,
      says: /timed out waiting for the condition on configmaps\/held/,
    },
    { type: 'get configmap held -n {ns} -o jsonpath={.metadata.deletionTimestamp}', says: /^20\d\d-/ },
    {
      type: 'patch configmap held -n {ns} --type=merge -p \'{"metadata":{"finalizers":["example.com/held","example.com/more"]}}\'',
      code: 1,
      says: /no new finalizers can be added if the object is being deleted/,
    },
    {
      type: 'patch configmap held -n {ns} --type=json -p \'[{"op":"remove","path":"/metadata/finalizers"}]\'',
      says: /patched/,
    },
    { type: 'get configmap held -n {ns}', code: 1, says: /NotFound/ },
    { type: 'delete configmaps -l tier=back -n {ns}', says: /^configmap "early" deleted\n$/ },
    {
      type: 'delete deployments --all -n {ns} --dry-run=server',
      says: /deployment.apps "d" deleted \(server dry run\)/,
    },
    { type: 'delete deployments --all -n {ns} --now', says: /deployment.apps "d" deleted/ },
    { type: 'delete deployments --all -n {ns}', says: /^No resources found\n$/ },
    { type: 'delete configmap never -n {ns} --ignore-not-found', says: /^$/ },
    { type: 'delete namespace {ns} --wait=false' },
  ],
};
