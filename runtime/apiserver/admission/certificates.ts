/**
 * Who may approve and sign certificates of a signer, and what nobody asks it for. (plugin/pkg/admission/certificates)
 */
import { readPem } from '../../resources/certificates/pem.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { listAt, objectAt, stringAt } from '../objects/read-path.ts';
import { isSameJson, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { organizationsOf } from './certificate-subject.ts';
import { type Asked, isOf, type Plugin, refuse } from './plugin.ts';

const requests = 'certificatesigningrequests.certificates.k8s.io';

/** @param authorizer resolves when this node knows the rules */
export function certificateApproval(authorizer: () => Promise<Authorizer>): Plugin {
  return {
    validate: async (asked) => {
      if (asked.operation !== 'UPDATE' || !isOf(asked, `${requests}/approval`)) return;
      const signer = stringAt(asked.old, 'spec', 'signerName');
      if (await isPermitted(authorizer, asked, 'approve', signer)) return;
      throw refuse(asked, `user not permitted to approve requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

export function certificateSigning(authorizer: () => Promise<Authorizer>): Plugin {
  return {
    validate: async (asked) => {
      if (asked.operation !== 'UPDATE' || !isOf(asked, `${requests}/status`)) return;
      const { object, old } = asked;
      const [next, last] = [objectAt(object, 'status'), objectAt(old, 'status')];
      const failures = (status: object) =>
        listAt(status, 'conditions').filter((one) => stringAt(one, 'type') === 'Failed');
      const isSame =
        next.certificate === last.certificate &&
        isSameJson(failures(next) as JsonValue, failures(last) as JsonValue);
      const signer = stringAt(old, 'spec', 'signerName');
      if (isSame || (await isPermitted(authorizer, asked, 'sign', signer))) return;
      throw refuse(asked, `user not permitted to sign requests with signerName ${JSON.stringify(signer)}`);
    },
  };
}

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** A certificate of this group could not be taken back. */
export const certificateSubjectRestriction: Plugin = {
  validate: async (asked) => {
    if (asked.operation !== 'CREATE' || !isOf(asked, requests)) return;
    if (stringAt(asked.object, 'spec', 'signerName') !== clientSigner) return;
    const [block] = readPem(stringAt(asked.object, 'spec', 'request'));
    const organizations = block === undefined ? null : organizationsOf(block.bytes);
    if (organizations === null) throw refuse(asked, 'failed to parse CSR: asn1: structure error');
    if (!organizations.includes('system:masters')) return;
    throw refuse(asked, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
};

/** Rights are given on a signer, or on all of a domain. */
async function isPermitted(
  authorizer: () => Promise<Authorizer>,
  { user }: Asked,
  verb: string,
  signer: string,
): Promise<boolean> {
  const decide = await authorizer();
  const [domain] = signer.split('/');
  const signers = { group: 'certificates.k8s.io', version: '*', resource: 'signers', subresource: '' };
  return [signer, `${domain}/*`].some(
    (name) => decide({ kind: 'resource', user, verb, ...signers, namespace: '', name, fields: [] }).isAllowed,
  );
}
