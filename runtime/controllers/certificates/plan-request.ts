/**
 * What becomes of a request for a certificate of Kubernetes' own signers: approved where it is a node's and its sender may have it,
 * signed where it was approved, refused where it asks for what its signer does not give, and taken away when it is old.
 * (pkg/controller/certificates: approver, signer, cleaner; pkg/apis/certificates/helpers.go) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../apiserver/schemas/generated/types/api-certificates-v1.ts';
import { resources } from '../client/places.ts';
import { removalOf, type Write } from '../client/writes.ts';
import type { RequestContents } from './signer.ts';

const prefix = 'kubernetes.io/';
const clientSigner = `${prefix}kube-apiserver-client`;
const kubeletClientSigner = `${prefix}kube-apiserver-client-kubelet`;
const servingSigner = `${prefix}kubelet-serving`;
const legacySigner = `${prefix}legacy-unknown`;
const signers: ReadonlySet<string> = new Set([
  clientSigner,
  kubeletClientSigner,
  servingSigner,
  legacySigner,
]);

/** Under which subresource the sender has to be allowed to create requests, in the order in which it is asked. */
export interface Permission {
  readonly subresource: 'selfnodeclient' | 'nodeclient';
  readonly message: string;
}

export function isOpen(request: ApiObject): boolean {
  return !isIssued(request) && !hasCondition(request, 'Approved') && !hasCondition(request, 'Denied');
}

/** Empty: people decide. */
export function permissionsFor(request: ApiObject, contents: RequestContents): readonly Permission[] {
  const { spec } = request as unknown as CertificateSigningRequest;
  const isNodes =
    spec?.signerName === kubeletClientSigner && whyNoNodeClient(contents, spec.usages ?? []) === '';
  if (!isOpen(request) || !isNodes) return [];
  const self: readonly Permission[] =
    spec?.username === contents.commonName
      ? [
          {
            subresource: 'selfnodeclient',
            message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
          },
        ]
      : [];
  const message = 'Auto approving kubelet client certificate after SubjectAccessReview.';
  return [...self, { subresource: 'nodeclient', message }];
}

export function approved(request: ApiObject, { message }: Permission): Write {
  return withCondition(
    request,
    { type: 'Approved', status: 'True', reason: 'AutoApproved', message },
    'approval',
  );
}

/** Whether a signer of ours has something to do with it. */
export function isToSign(request: ApiObject): boolean {
  const isReady = hasCondition(request, 'Approved') && !hasCondition(request, 'Denied');
  const isOurs = signers.has(stringAt(request, 'spec', 'signerName'));
  return isOurs && isReady && !isIssued(request) && !hasCondition(request, 'Failed');
}

/** Why its signer does not sign it; '' where it does. @param contents null where it cannot be read */
export function refusalOf(request: ApiObject, contents: RequestContents | null): string {
  const { spec } = request as unknown as CertificateSigningRequest;
  if (contents === null) return 'the request cannot be read, or is not signed by its own key';
  const usages = spec?.usages ?? [];
  switch (spec?.signerName) {
    case servingSigner:
      return whyNoServing(contents, usages);
    case kubeletClientSigner:
      return whyNoNodeClient(contents, usages);
    case clientSigner:
      return whyNoClient(usages);
    default:
      return '';
  }
}

/** @param now as `metav1.Time` */
export function refused(request: ApiObject, message: string, now: string): Write {
  const condition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: now,
  };
  return withCondition(request, condition, 'status');
}

/** @param certificate in PEM */
export function issued(request: ApiObject, certificate: string): Write {
  const status = { ...(request.status as object), certificate: Buffer.from(certificate).toString('base64') };
  return {
    kind: 'update',
    of: resources.certificateRequests,
    object: { ...request, status },
    subresource: 'status',
  };
}

const hourMilliseconds = 3_600_000;
const pendingMilliseconds = 24 * hourMilliseconds;

/** @param expiresMs of the certificate that was issued; null for none */
export function removals(request: ApiObject, nowMs: number, expiresMs: number | null): readonly Write[] {
  const { status } = request as unknown as CertificateSigningRequest;
  const conditions = status?.conditions ?? [];
  const isOlder = (time: string | null | undefined, milliseconds: number): boolean =>
    nowMs - Date.parse(time ?? '') > milliseconds;
  const isPast = conditions.some(
    ({ type, lastUpdateTime }) =>
      (type === 'Denied' || type === 'Failed' || (type === 'Approved' && isIssued(request))) &&
      isOlder(lastUpdateTime, hourMilliseconds),
  );
  const created = stringAt(request.metadata, 'creationTimestamp');
  const isForgotten = conditions.length === 0 && isOlder(created, pendingMilliseconds);
  const isExpired = hasCondition(request, 'Approved') && expiresMs !== null && expiresMs < nowMs;
  return isPast || isForgotten || isExpired ? [removalOf(resources.certificateRequests, request)] : [];
}

function withCondition(
  request: ApiObject,
  condition: CertificateSigningRequestCondition,
  subresource: 'approval' | 'status',
): Write {
  const conditions = [...listAt(request, 'status', 'conditions'), condition];
  const object = { ...request, status: { ...(request.status as object), conditions } };
  return { kind: 'update', of: resources.certificateRequests, object, subresource };
}

function hasCondition(request: ApiObject, wanted: string): boolean {
  const conditions = listAt(request, 'status', 'conditions') as readonly CertificateSigningRequestCondition[];
  return conditions.some(({ type, status }) => type === wanted && status === 'True');
}

function isIssued(request: ApiObject): boolean {
  return stringAt(request, 'status', 'certificate') !== '';
}

function whyNoNodeClient(contents: RequestContents, usages: readonly string[]): string {
  const { dnsNames, emails, ipAddresses, uris } = contents;
  if (!isOfNodes(contents)) return 'subject organization is not system:nodes';
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNodeName(contents)) return 'subject common name does not begin with system:node:';
  return whyNotUsages(usages, 'client auth');
}

function whyNoServing(contents: RequestContents, usages: readonly string[]): string {
  const { dnsNames, emails, ipAddresses, uris } = contents;
  if (!isOfNodes(contents)) return 'subject organization is not system:nodes';
  if (dnsNames.length + ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  const why = whyNotUsages(usages, 'server auth');
  if (why !== '') return why;
  return isNodeName(contents) ? '' : 'subject common name does not begin with system:node:';
}

/** `key encipherment` is for RSA, and may be left out. */
function whyNotUsages(usages: readonly string[], purpose: string): string {
  const wanted = ['digital signature', 'key encipherment', purpose].sort((a, b) => (a < b ? -1 : 1));
  const given = new Set(usages);
  const isMatch =
    given.has('digital signature') && given.has(purpose) && usages.every((usage) => wanted.includes(usage));
  return isMatch ? '' : `usages did not match [${wanted.join(' ')}]`;
}

function whyNoClient(usages: readonly string[]): string {
  const wrong = usages.find(
    (usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage),
  );
  if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
  return usages.includes('client auth') ? '' : 'missing required usage for client certificate: client auth';
}

function isOfNodes({ organizations }: RequestContents): boolean {
  return organizations.length === 1 && organizations[0] === 'system:nodes';
}

function isNodeName({ commonName }: RequestContents): boolean {
  return commonName.startsWith('system:node:');
}
