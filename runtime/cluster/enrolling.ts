/** A member admits a machine that has proved the secret: certificate, place in the roster, addresses to begin with. */
import { formatEndpoint } from '../peers/address-book.ts';
import { RpcError } from '../peers/rpc.ts';
import { nodeIdOf } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { type EnrolmentRecord, objectToAdmission } from './admission.ts';
import { bundleOf, type CertificateAuthority } from './authority.ts';
import { type Enrol, type EnrolAnswer, enrolSchema } from './enrolment.ts';
import {
  applicantKey,
  encodeApplicant,
  encodeEnrolment,
  encodeToken,
  enrolmentKey,
  readApplicants,
  readEnrolment,
  readToken,
  tokenKey,
} from './enrolment-records.ts';
import type { MemberContext } from './member-context.ts';
import { removedMessage } from './removal.ts';
import {
  encodeMember,
  type Member,
  nodeKey,
  readAuthority,
  readMember,
  readRoster,
  removedKey,
} from './roster.ts';
import { objectToToken } from './tokens.ts';
import { readTicket, refusedMessage, spendTicket } from './voucher-admission.ts';
import { readCharter } from './voucher-records.ts';

const authorityMilliseconds = 10_000;
/** A hundred machines may ask at once; each try lets one of them in at least. */
const mostTries = 100;
const pauseMilliseconds = 20;
/** Strangers do not get here: they know the secret. */
const mostApplicants = 64;

/**
 * Admits a machine; the same key gets the same place however often it asks. `params` come from a stranger who
 * knows the secret. Throws `RpcError` or `StoreError`.
 */
export async function admit(
  context: MemberContext,
  params: unknown,
  remoteHost: string,
  tokenId: string | null,
): Promise<EnrolAnswer> {
  const request = enrolSchema.parse(params);
  const id = readNodeId(request);
  if (context.removed.denied.has(id)) throw new RpcError('removed', removedMessage(context.clusterName));
  const authority = await waitForAuthority(context);
  const port = Number(request.address.slice(request.address.lastIndexOf(':') + 1));
  const address = formatEndpoint({ host: remoteHost, port });
  const entrant = { ...request, id, address };
  await (tokenId === null ? enter(context, entrant) : enterByToken(context, entrant, tokenId));
  const certificate = await context.certificates.run(
    'issueNodeCertificate',
    authority,
    { clusterId: context.clusterId, nodeId: id },
    request.publicKey,
    context.clock.now(),
  );
  // At once: a founder that stops now must know, as it comes back, that it is not the only member.
  context.addresses.learn(id, address);
  context.addresses.save();
  context.log.info({ node: request.name, id, address }, 'admitted a new node');
  return {
    clusterId: context.clusterId,
    certificate,
    caCertificate: bundleOf(authority),
    members: readRoster(context.replica.machine.view).map((each) => ({ id: each.id, address: each.address })),
    charter: readCharter(context.replica.machine.view),
  };
}

interface Entrant extends Omit<Enrol, 'publicKey'> {
  readonly id: NodeId;
}

/** Puts the machine on the roster, or on the list of those that wait. Throws `RpcError` or `StoreError`. */
async function enter(context: MemberContext, entrant: Entrant): Promise<void> {
  const { id } = entrant;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const view = context.replica.machine.view;
    const { record, revision } = readEnrolment(view);
    const applicant = readApplicants(view).find((each) => each.id === id);
    const isKnown = readMember(view, id) !== null;
    const ticket = readTicket(context, entrant);
    if (!isKnown && ticket.refused !== null) throw new RpcError('voucher', refusedMessage(ticket.refused));
    const objection =
      ticket.objection ??
      objectToAdmission(
        context.enrolment,
        ticket.admits ? withoutRemoval(record) : record,
        ...([context.clock.now(), entrant] as const),
      );
    if (!isKnown && !applicant?.approved && objection !== null)
      return keepWaiting(context, entrant, objection);
    const admitted = { ...record, admitted: record.admitted + 1 };
    const spent = spendTicket(ticket, id);
    const { succeeded } = await context.store.transact({
      compare: [
        { target: 'modifyRevision', key: removedKey(id), is: 0 },
        { target: 'modifyRevision', key: enrolmentKey, is: revision },
        ...spent.compare,
      ],
      success: [
        {
          operation: 'put',
          key: nodeKey(id),
          value: encodeMember(asMember(entrant, readMember(view, id)?.spareOnly ?? false)),
        },
        { operation: 'delete', key: applicantKey(id) },
        ...spent.success,
        // Who asks again is counted once, and who was approved is beside the count.
        ...(isKnown || applicant?.approved
          ? []
          : [{ operation: 'put' as const, key: enrolmentKey, value: encodeEnrolment(admitted) }]),
      ],
    });
    if (succeeded) return;
    await afterRefusal(context, id);
  }
  throw new RpcError('busy', 'Many machines are being admitted: it is tried again.');
}

/** Whoever has the disk of a machine that was removed knows the secret, and has no voucher that is good. */
function withoutRemoval(record: EnrolmentRecord): EnrolmentRecord {
  return record.closed === 'removal' ? { ...record, closed: null } : record;
}

/** Domain and weight come with its first report. */
function asMember({ id, name, address, version }: Entrant, spareOnly: boolean): Member {
  return { id, name, address, version, failureDomain: null, weight: 0, spareOnly };
}

/** Uses the token up and puts the machine on the roster, in one transaction. Throws `RpcError` or `StoreError`. */
async function enterByToken(context: MemberContext, entrant: Entrant, tokenId: string): Promise<void> {
  const { id } = entrant;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const found = readToken(context.replica.machine.view, tokenId);
    const objection = objectToToken(found?.token ?? null, id, context.clock.now());
    if (objection !== null || found === null)
      throw new RpcError('token', objection ?? 'This token is not known.');
    const { token, revision } = found;
    const { succeeded } = await context.store.transact({
      compare: [
        { target: 'modifyRevision', key: removedKey(id), is: 0 },
        { target: 'modifyRevision', key: tokenKey(tokenId), is: revision },
      ],
      success: [
        { operation: 'put', key: nodeKey(id), value: encodeMember(asMember(entrant, token.spareOnly)) },
        { operation: 'put', key: tokenKey(tokenId), value: encodeToken({ ...token, usedBy: id }) },
        { operation: 'delete', key: applicantKey(id) },
      ],
    });
    if (succeeded) return;
    await afterRefusal(context, id);
  }
  throw new RpcError('busy', 'Many machines are being admitted: it is tried again.');
}

/** Something has changed that this node has not seen yet: who asks was removed, or another was admitted. */
async function afterRefusal({ removed, clusterName }: MemberContext, id: NodeId): Promise<void> {
  if (removed.denied.has(id)) throw new RpcError('removed', removedMessage(clusterName));
  await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
}

/** Notes that the machine waits for a person. Always throws. */
async function keepWaiting(context: MemberContext, entrant: Entrant, objection: string): Promise<never> {
  const { id, name, address, serial } = entrant;
  const applicants = readApplicants(context.replica.machine.view);
  if (!applicants.some((each) => each.id === id)) {
    if (applicants.length >= mostApplicants)
      throw new RpcError(
        'pending',
        `${capitalize(objection)}, and too many machines wait already: trivet nodes lists them.`,
      );
    const applicant = { id, name, address, serial, since: context.clock.now(), approved: false };
    await context.store.transact({
      success: [{ operation: 'put', key: applicantKey(id), value: encodeApplicant(applicant) }],
    });
    context.log.warn(
      { node: name, id, address },
      `a machine that knows the secret waits for approval: ${objection}`,
    );
  }
  throw new RpcError(
    'pending',
    `${capitalize(objection)}. To let this machine in, on any member: trivet nodes approve ${id}`,
  );
}

function capitalize(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
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
