/**
 * Asks the places that a person names which cluster is there, with a one-time token, before a machine joins it: nothing is
 * changed here or there. What each answer means to the person is decided by `judgeIntroduction` and `explainSilence`.
 */
import net from 'node:net';
import { formatEndpoint } from '../peers/address-book.ts';
import { DialError, type Endpoint } from '../peers/dial.ts';
import { RpcError } from '../peers/rpc.ts';
import { caHashOf, type Token, tokenKeys } from '../peers/token.ts';
import { splitBundle } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import { type NameLookup, systemLookup } from './discovery/name-lookup.ts';
import { EnrolmentLinks, type Introduction } from './enrolment.ts';

export type Finding =
  | { readonly kind: 'found'; readonly introduction: Introduction; readonly at: Endpoint }
  /** A cluster, or this machine, says no: asking again is of no use. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Nobody has answered. */
  | { readonly kind: 'silent'; readonly message: string };

/** Asks all places once. The first that admits this machine counts, then a no, then silence. */
export async function findCluster(
  places: readonly Endpoint[],
  token: Token,
  self: NodeId,
  lookup: NameLookup = systemLookup(),
): Promise<Finding> {
  const links = new EnrolmentLinks(tokenKeys(token));
  try {
    const findings = await Promise.all(places.map((place) => askPlace(place, token, self, links, lookup)));
    return mostTelling(findings.flat());
  } finally {
    links.close();
    lookup.cancel();
  }
}

async function askPlace(
  place: Endpoint,
  token: Token,
  self: NodeId,
  links: EnrolmentLinks,
  lookup: NameLookup,
): Promise<Finding[]> {
  const found =
    net.isIP(place.host.replace(/%.*$/, '')) !== 0
      ? { kind: 'found' as const, values: [place.host] }
      : await lookup.addresses(place.host);
  if (found.kind === 'failed')
    return [{ kind: 'silent', message: `${place.host} cannot be looked up: ${found.reason}.` }];
  return Promise.all(
    found.values.map(async (host) => {
      const at = { host, port: place.port };
      try {
        return judgeIntroduction(await links.introduction(at, self), token, at);
      } catch (error) {
        return explainSilence(error, at);
      }
    }),
  );
}

function mostTelling(findings: readonly Finding[]): Finding {
  for (const kind of ['found', 'refused'] as const) {
    const finding = findings.find((each) => each.kind === kind);
    if (finding !== undefined) return finding;
  }
  const messages = findings.map((finding) => (finding.kind === 'silent' ? finding.message : ''));
  return { kind: 'silent', message: [...new Set(messages)].join(' ') };
}

/** Whether the cluster that answers is the one that the token names, and takes this machine. */
export function judgeIntroduction(introduction: Introduction, token: Token, at: Endpoint): Finding {
  const { clusterName, caCertificate, objection } = introduction;
  if (!hashesOf(caCertificate).includes(token.caHash)) {
    const message = `The cluster "${clusterName}" at ${formatEndpoint(at)} has not the CA that this token names: the token was mistyped, or the CA was replaced since it was made. Ask for another (trivet token create).`;
    return { kind: 'refused', message };
  }
  return objection === null
    ? { kind: 'found', introduction, at }
    : { kind: 'refused', message: `The cluster "${clusterName}" says: ${objection}` };
}

function hashesOf(caCertificate: string): string[] {
  try {
    return splitBundle(caCertificate).map(caHashOf);
  } catch {
    return [];
  }
}

/** What it means that a place did not introduce itself. */
export function explainSilence(error: unknown, at: Endpoint): Finding {
  const where = formatEndpoint(at);
  if (error instanceof DialError && error.code === 'wrongSecret') {
    const message = `${where} knows this token with another key: it was mistyped. Copy it again, or ask for another (trivet token create).`;
    return { kind: 'refused', message };
  }
  if (error instanceof DialError && error.code === 'otherCluster') {
    const message = `${where} does not know this token: it is of another cluster, was revoked or mistyped, or the node there does not vote (trivet status on a member shows who does).`;
    return { kind: 'refused', message };
  }
  if (error instanceof RpcError && error.code === 'unknownMethod') {
    const message = `${where} runs an older version of Trivet, which cannot be asked: write the token as cluster.token into trivet.yaml.`;
    return { kind: 'refused', message };
  }
  if (error instanceof DialError) return { kind: 'silent', message: error.message };
  const text = error instanceof RpcError ? error.message : 'it is not in words that this version knows.';
  return { kind: 'silent', message: `${where} gave no answer that can be used: ${text}` };
}
