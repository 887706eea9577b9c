/**
 * By which fields a resource's objects can be selected, and their values, read from the object as it is served in the request's
 * version. (kubernetes/pkg/apis/GROUP/VERSION/conversion.go, and `ToSelectableFields` of each registry) Pure.
 */
import { booleanAt, listAt, numberAt, stringAt } from '../objects/read-path.ts';

export type FieldValue = (object: unknown) => string;
export type KnownFields = Readonly<Record<string, FieldValue>>;

export interface FieldRules {
  readonly fields: KnownFields;
  /** What a client is told of any other field. */
  readonly refusal: (field: string) => string;
}

const metadata: KnownFields = {
  'metadata.name': (object) => stringAt(object, 'metadata', 'name'),
  'metadata.namespace': (object) => stringAt(object, 'metadata', 'namespace'),
};

/** What every resource has that says nothing of its own. */
export const usualRules: FieldRules = {
  fields: metadata,
  refusal: (field) =>
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
};

/** The value is at the place that the field names. */
function plain(...fields: readonly string[]): KnownFields {
  return Object.fromEntries(
    fields.map((field) => [field, (object) => stringAt(object, ...field.split('.'))]),
  );
}

function count(field: string, ...path: readonly string[]): KnownFields {
  return { [field]: (object) => String(numberAt(object, ...path)) };
}

const podIp: FieldValue = (object) => {
  const [first] = listAt(object, 'status', 'podIPs');
  return stringAt(first, 'ip') || stringAt(object, 'status', 'podIP');
};

const podFields: KnownFields = {
  ...metadata,
  ...plain('spec.nodeName'),
  // The name of old clients for the same field.
  'spec.host': (object) => stringAt(object, 'spec', 'nodeName'),
  ...plain('spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName'),
  'spec.hostNetwork': (object) => String(booleanAt(object, 'spec', 'hostNetwork') ?? false),
  ...plain('status.phase', 'status.nominatedNodeName'),
  'status.podIP': podIp,
  // Accepted by the real server, which has no value for it.
  'status.podIPs': () => '',
};

const reportingComponent: FieldValue = (object) => stringAt(object, 'reportingComponent');

const aboutFields = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

const eventFields: KnownFields = {
  ...metadata,
  ...plain(...aboutFields.map((field) => `involvedObject.${field}`)),
  ...plain('reason', 'type'),
  reportingComponent,
  source: (object) => stringAt(object, 'source', 'component') || reportingComponent(object),
};

/** The same values under the names that the group has for them. */
const regardingFields: KnownFields = {
  ...metadata,
  ...plain(...aboutFields.map((field) => `regarding.${field}`)),
  ...plain('reason', 'type', 'reportingController'),
};

function notSupported(field: string): string {
  return `field label not supported: ${field}`;
}

function rules(fields: KnownFields): FieldRules {
  return { fields, refusal: notSupported };
}

const name: KnownFields = plain('metadata.name');

/** By `GROUP/RESOURCE`. */
export const specialRules: ReadonlyMap<string, FieldRules> = new Map([
  ['/pods', rules(podFields)],
  ['/events', rules(eventFields)],
  ['events.k8s.io/events', rules(regardingFields)],
  ['/namespaces', rules({ ...name, ...plain('status.phase') })],
  [
    '/nodes',
    rules({
      ...name,
      'spec.unschedulable': (object) => String(booleanAt(object, 'spec', 'unschedulable') ?? false),
    }),
  ],
  ['/replicationcontrollers', rules({ ...metadata, ...count('status.replicas', 'status', 'replicas') })],
  ['/secrets', rules({ ...metadata, ...plain('type') })],
  ['/services', rules({ ...metadata, ...plain('spec.clusterIP', 'spec.type') })],
  [
    'batch/jobs',
    {
      fields: { ...metadata, ...count('status.successful', 'status', 'succeeded') },
      refusal: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
    },
  ],
  ['certificates.k8s.io/certificatesigningrequests', rules({ ...name, ...plain('spec.signerName') })],
]);
