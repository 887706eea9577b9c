/** The certificate that answers a request: once given it stays. (pkg/apis/certificates/validation/validation.go) Pure. */
import type { CertificateSigningRequest } from '../../apiserver/schemas/generated/types/api-certificates-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { forbiddenField, invalidValue } from '../field-errors.ts';
import { checkCertificatePem } from './pem.ts';

const field = 'status.certificate';

export function checkCertificateUpdate(
  next: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] {
  const { certificate = '' } = next.status ?? {};
  const { certificate: before = '' } = old.status ?? {};
  if (certificate === before) return [];
  const why = checkCertificatePem(before) === null ? checkCertificatePem(certificate) : null;
  return [
    ...(why === null ? [] : [invalidValue(field, '<certificate data>', why)]),
    ...(before === '' ? [] : [forbiddenField(field, 'updates may not modify existing certificate content')]),
  ];
}
