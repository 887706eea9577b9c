/** A member admits a machine that has proved the secret: certificate, place in the roster, addresses to begin with. */
import { formatEndpoint } from '../peers/address-book.ts';
import { RpcError } from '../peers/rpc.ts';
import { nodeIdOf } from '../peers/trust.ts';
import type { CertificateAuthority } from './authority.ts';
import { type Enrol, type EnrolAnswer, enrolSchema } from './enrolment.ts';
import type { MemberContext } from './member-context.ts';
import { removedMessage } from './removal.ts';
import { encodeMember, nodeKey, readAuthority, readRoster, removedKey } from './roster.ts';

const authorityMilliseconds = 10_000;

/**
 * Admits a machine; the same key gets the same place however often it asks. `params` come from a stranger who
 * knows the secret. Throws `RpcError` or `StoreError`.
 */
export async function admit(
  context: MemberContext,
  params: unknown,
  remoteHost: string,
): Promise<EnrolAnswer> {
  const request = enrolSchema.parse(params);
  const id = readNodeId(request);
  if (context.removed.denied.has(id)) throw new RpcError('removed', removedMessage(context.clusterName));
  const authority = await waitForAuthority(context);
  const port = Number(request.address.slice(request.address.lastIndexOf(':') + 1));
  const address = formatEndpoint({ host: remoteHost, port });
  const { issueNodeCertificate } = await import('./certificates.ts');
  const certificate = await issueNodeCertificate(
    authority,
    { clusterId: context.clusterId, nodeId: id },
    request.publicKey,
  );
  // Domain and weight come with its first report.
  const known = { failureDomain: null, weight: 0 };
  const member = { id, name: request.name, address, version: request.version, ...known };
  const { succeeded } = await context.store.transact({
    compare: [{ target: 'modifyRevision', key: removedKey(id), is: 0 }],
    success: [{ operation: 'put', key: nodeKey(id), value: encodeMember(member) }],
  });
  if (!succeeded) throw new RpcError('removed', removedMessage(context.clusterName));
  // At once: a founder that stops now must know, as it comes back, that it is not the only member.
  context.addresses.learn(id, address);
  context.addresses.save();
  context.log.info({ node: request.name, id, address }, 'admitted a new node');
  return {
    clusterId: context.clusterId,
    certificate,
    caCertificate: authority.certificate,
    members: readRoster(context.replica.machine.view).map((each) => ({ id: each.id, address: each.address })),
  };
}

/** A cluster that has just been started stores its CA within moments, and a new member copies it. */
async function waitForAuthority(context: MemberContext): Promise<CertificateAuthority> {
  const deadline = performance.now() + authorityMilliseconds;
  for (;;) {
    const { key } = context.sealing;
    const authority = key && readAuthority(context.replica.machine.view, key);
    if (authority !== null) return authority;
    if (performance.now() > deadline) {
      throw new RpcError('notReady', 'This node cannot admit others yet: it has no copy of the CA.');
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function readNodeId(request: Enrol) {
  try {
    return nodeIdOf(request.publicKey);
  } catch {
    throw new RpcError('invalid', 'The public key cannot be read.');
  }
}
