/** certificates.k8s.io. */
import { groupVersion, status, subresource } from '../resource.ts';

export const certificates = groupVersion('certificates.k8s.io', 'v1', [
  [
    'certificatesigningrequests',
    'CertificateSigningRequest',
    {
      clusterScoped: true,
      shortNames: ['csr'],
      subresources: [subresource('approval', ['get', 'patch', 'update']), status],
    },
  ],
]);
