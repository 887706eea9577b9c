/** Which group-versions are served, and by whom. (k8s.io/kube-aggregator/pkg/apis/apiregistration) Pure. */
import { dns1035Label, dnsSubdomain, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  APIService,
  APIServiceSpec,
} from '../../apiserver/schemas/generated/types/apiregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidValue, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkFilled, checkName, checkOneOf, inList, when } from '../meta/field-checks.ts';
import { withChanged } from '../meta/fill-in.ts';
import { keepMetadata } from '../status-metadata.ts';

const httpsPort = 443;
const mostGroupPriority = 20_000;
const mostVersionPriority = 1000;

export const apiServices = kindStrategy<APIService>({
  ...{ name: pathSegment, countsGenerations: false, hasStatus: true, needsVersion: true },
  resets: { '': ['status'], status: ['metadata', 'spec'] },
  takesPlainFinalizers: true,
  fillIn: (object) =>
    withChanged(object, {
      spec: (spec) =>
        withChanged(spec, { service: (service) => ({ ...service, port: service.port ?? httpsPort }) }),
    }),
  prepareCreate: (object) => (object.spec?.service ? object : withAvailable(object)),
  check: (object) => [...checkOwnName(object), ...checkSpec(object.spec ?? ({} as APIServiceSpec))],
  prepareStatusUpdate: keepMetadata,
  checkStatusUpdate: ({ status }) =>
    inList(status?.conditions, 'status.conditions', ({ status }, field) =>
      checkOneOf(status, `${field}.status`, ['True', 'False', 'Unknown']),
    ),
});

/** What this server answers itself is there from the beginning. */
function withAvailable(object: APIService): APIService {
  const time = object.metadata?.creationTimestamp;
  const condition = {
    ...{ type: 'Available', status: 'True', reason: 'Local' },
    ...(time === undefined ? {} : { lastTransitionTime: time }),
    message: 'Local APIServices are always available',
  };
  return { ...object, status: { conditions: [condition] } };
}

function checkOwnName({ metadata, spec }: APIService): readonly FieldError[] {
  const name = metadata?.name ?? '';
  const expected = `${spec?.version ?? ''}.${spec?.group ?? ''}`;
  const why = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(expected)}`;
  return when(name !== expected, invalidValue('metadata.name', name, why));
}

function checkSpec(spec: APIServiceSpec): FieldError[] {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const legacy = 'only v1 may have an empty group and it better be legacy kube';
  const within = (value: number, most: number): boolean => value > 0 && value <= most;
  return [
    ...when(group === '' && version !== 'v1', required('spec.group', legacy)),
    ...(group === '' ? [] : checkName(dnsSubdomain, group, 'spec.group')),
    ...checkName(dns1035Label, version, 'spec.version'),
    ...when(
      !within(groupPriorityMinimum, mostGroupPriority),
      invalidValue(
        ...(['spec.groupPriorityMinimum', groupPriorityMinimum] as const),
        'must be positive and less than 20000',
      ),
    ),
    ...when(
      !within(versionPriority, mostVersionPriority),
      invalidValue('spec.versionPriority', versionPriority, 'must be positive and less than 1000'),
    ),
    ...(spec.service ? checkRemote(spec) : checkLocal(spec)),
  ];
}

function checkLocal({ caBundle = '', insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const bytes = Buffer.from(caBundle, 'base64').length;
  return [
    ...when(
      bytes > 0,
      invalidValue('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'),
    ),
    ...when(
      insecureSkipTLSVerify === true,
      invalidValue(
        'spec.insecureSkipTLSVerify',
        true,
        'local APIServices may not have insecureSkipTLSVerify',
      ),
    ),
  ];
}

function checkRemote({ service, caBundle = '', insecureSkipTLSVerify }: APIServiceSpec): FieldError[] {
  const { namespace, name, port = 0 } = service ?? {};
  const isPort = port >= 1 && port <= 65_535;
  const words = 'port is not valid: must be between 1 and 65535, inclusive';
  const contradicts = insecureSkipTLSVerify === true && caBundle !== '';
  return [
    ...checkFilled(namespace, 'spec.service.namespace'),
    ...checkFilled(name, 'spec.service.name'),
    ...when(!isPort, invalidValue('spec.service.port', port, words)),
    ...when(
      contradicts,
      invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'),
    ),
  ];
}
