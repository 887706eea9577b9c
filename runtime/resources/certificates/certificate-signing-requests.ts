/**
 * Requests for certificates: who asks is what the server knows of its client, and approving and signing are subresources of
 * their own. (pkg/apis/certificates, pkg/registry/certificates) Pure.
 */
import type { UserInfo } from '../../apiserver/authentication/user.ts';
import type { Strategy } from '../../apiserver/handlers/served-kind.ts';
import { pathSegment } from '../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { objectAt } from '../../apiserver/objects/read-path.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestSpec,
} from '../../apiserver/schemas/generated/types/api-certificates-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, notSupported, required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { checkUnique, inList, when } from '../meta/field-checks.ts';
import { checkCertificateUpdate } from './issued-certificate.ts';
import { checkRequestPem } from './pem.ts';
import { checkConditions, checkConditionsUpdate } from './request-conditions.ts';
import { checkSignerName } from './signer-name.ts';

/** Twice the time by which certificates are dated back. */
const shortestSeconds = 600;
const legacySigner = 'kubernetes.io/legacy-unknown';
const usages = [
  ...['any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign'],
  ...['data encipherment', 'decipher only', 'digital signature', 'email protection', 'encipher only'],
  ...['ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc'],
  ...['netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping'],
];

export const certificateSigningRequests: Strategy = {
  ...kindStrategy<CertificateSigningRequest>({
    ...{ name: pathSegment, countsGenerations: false, hasStatus: true },
    resets: {
      '': ['spec', 'status'],
      status: ['spec', 'status.conditions'],
      approval: ['spec', 'status.certificate'],
    },
    // Who changes labels cannot change what is asked for.
    prepareUpdate: (next, old) => ({ ...next, spec: old.spec }),
    checkCreate: ({ spec }) => checkSpec(spec ?? {}),
    checkStatusUpdate: (next, old) => [
      ...checkConditions(next, old),
      ...checkConditionsUpdate(next, old, { maySetApproval: false }),
      ...checkCertificateUpdate(next, old),
    ],
  }),
  stamp: (next, old, { user, now, subresource }) => {
    if (old === null) return signedRequest(next, user);
    return subresource === '' ? next : withConditionTimes(next, old, now);
  },
  parts: { approval: { takesMetadata: true, take: takeApproval, check: checkApproval } },
};

/** A new request, as asked for by this user. What the client wrote of who asks does not count. */
function signedRequest(object: ApiObject, { name: username, uid, groups, extra }: UserInfo): ApiObject {
  const { username: _, uid: __, groups: ___, extra: ____, ...spec } = objectAt(object, 'spec');
  const more = Object.keys(extra).length > 0 ? { extra } : {};
  return { ...object, spec: { ...spec, username, uid, groups, ...more } };
}

/** Of what is sent only the conditions count. */
function takeApproval(sent: ApiObject, old: ApiObject): ApiObject {
  const { conditions } = objectAt(sent, 'status');
  const { conditions: _, ...status } = objectAt(old, 'status');
  return { ...old, status: { ...status, ...(conditions === undefined ? {} : { conditions }) } };
}

function checkApproval(next: ApiObject, old: ApiObject): FieldError[] {
  const [after, before] = [asRequest(next), asRequest(old)];
  return [
    ...checkConditions(after, before),
    ...checkConditionsUpdate(after, before, { maySetApproval: true }),
  ];
}

/** Conditions say since when; what a client leaves out is now. */
function withConditionTimes(next: ApiObject, old: ApiObject, now: string): ApiObject {
  const { status } = asRequest(next);
  if (!status?.conditions) return next;
  const key = (type: string, status: string): string => `${type}\0${status}`;
  const before = new Map(
    (asRequest(old).status?.conditions ?? []).map((one) => [
      key(one.type, one.status),
      one.lastTransitionTime,
    ]),
  );
  const conditions = status.conditions.map((condition) => {
    const since = before.get(key(condition.type, condition.status));
    const lastTransitionTime = condition.lastTransitionTime ?? since ?? now;
    return { ...condition, lastUpdateTime: condition.lastUpdateTime ?? now, lastTransitionTime };
  });
  return { ...next, status: { ...status, conditions } };
}

function asRequest(object: ApiObject): CertificateSigningRequest {
  return object as unknown as CertificateSigningRequest;
}

function checkSpec(spec: Partial<CertificateSigningRequestSpec>): FieldError[] {
  const { signerName = '', expirationSeconds } = spec;
  const [request, wanted] = [spec.request ?? '', spec.usages ?? []];
  const wrong = checkRequestPem(request);
  const short = 'may not specify a duration less than 600 seconds (10 minutes)';
  const legacy = 'the legacy signerName is not allowed via this API version';
  return [
    ...(wrong === null ? [] : [invalidShown('spec.request', goText(request), wrong)]),
    ...when(wanted.length === 0, required('spec.usages')),
    ...inList(wanted, 'spec.usages', (usage, field) =>
      when(!usages.includes(usage), notSupported(field, usage, usages)),
    ),
    ...checkUnique(wanted, 'spec.usages', (usage) => usage),
    ...(signerName === legacySigner
      ? [invalidValue('spec.signerName', signerName, legacy)]
      : checkSignerName(signerName, 'spec.signerName')),
    ...when(
      typeof expirationSeconds === 'number' && expirationSeconds < shortestSeconds,
      invalidValue('spec.expirationSeconds', expirationSeconds, short),
    ),
  ];
}
