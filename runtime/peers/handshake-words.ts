/**
 * What it means that two machines could not agree on a connection, in words for a person. OpenSSL has its own for the same, such as
 * "no suitable signature algorithm" and "unknown ca", which say what failed and not who did wrong. Pure.
 */

interface Words {
  readonly code: RegExp;
  /** To who has connected; completes "HOST:PORT …", with its end. */
  readonly dialed?: string;
  /** To who was connected to; completes "refused a connection: it …". */
  readonly accepted?: string;
}

const notTrivet =
  'is no node of Trivet, or of a version that speaks otherwise: another program listens there. Is the port right (peers.port, 7443 where nothing is said)?';

const table: readonly Words[] = [
  {
    code: /UNKNOWN_CA|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|SELF_SIGNED/,
    dialed:
      'does not accept the certificate of this machine: it knows another CA, so it is of another cluster, or one of the two was removed from the cluster (trivet status on both).',
    accepted:
      'does not know the CA of this node: it is of another cluster, was removed from this one, or is a program that was not given the cluster’s CA',
  },
  {
    code: /UNKNOWN_PSK_IDENTITY|PSK_IDENTITY_NOT_FOUND/,
    accepted:
      'wants to enrol with the secret of a cluster of another name, or with a token that this node does not know',
  },
  {
    code: /NO_APPLICATION_PROTOCOL/,
    dialed:
      'does not serve what this machine wants of it: another program listens there, an older version of Trivet, or a node whose configuration names no operators.',
    accepted:
      'wants nothing that this node serves: it is a browser, say, or an operator’s program where the configuration names none (operators)',
  },
  {
    code: /NO_SUITABLE_SIGNATURE_ALGORITHM/,
    accepted:
      'takes this machine for a member of its cluster, and this one has no certificate that it could show: if both are yours, this one was wiped or never joined (trivet status on both)',
  },
  { code: /HTTP_REQUEST/, accepted: 'speaks HTTP: this is the port for peers' },
  {
    code: /NO_SHARED_CIPHER|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/,
    dialed: notTrivet,
    accepted: 'speaks TLS of another kind than nodes of Trivet do',
  },
  {
    code: /WRONG_VERSION_NUMBER|PACKET_LENGTH|RECORD_LAYER|UNEXPECTED_MESSAGE/,
    dialed: notTrivet,
    accepted: 'does not speak TLS',
  },
  { code: /ECONNRESET|EPIPE/, accepted: 'hung up before it had said who it is' },
  { code: /HANDSHAKE_TIMEOUT/, accepted: 'did not say in time who it is' },
];

/** An alert that says only that nothing fits. */
const nothingFits = /HANDSHAKE_FAILURE/;
const noMember =
  'has nothing to prove itself with to members: it is no member of a cluster (yet, or any more: trivet status there), or no node of Trivet.';

/** Why a connection to another machine did not come about, without its place; null where it is no matter of TLS. */
export function explainDialed(code: string, isEnrolment: boolean): string | null {
  if (nothingFits.test(code)) return isEnrolment ? notTrivet : noMember;
  const words = table.find((each) => each.dialed !== undefined && each.code.test(code))?.dialed;
  return words ?? (isTls(code) ? `broke the TLS handshake off (${plainCode(code)}).` : null);
}

/** Why a connection that another machine began was refused, without its subject. */
export function explainAccepted(code: string): string {
  const words = table.find((each) => each.accepted !== undefined && each.code.test(code))?.accepted;
  return words ?? `broke the TLS handshake off (${plainCode(code)})`;
}

function isTls(code: string): boolean {
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
}

/** ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR as "internal error": for who has to look further. */
function plainCode(code: string): string {
  const plain = code
    .replace(/^ERR_(SSL|TLS)_/, '')
    .replace(/^(TLSV1|SSLV3|SSL\/TLS)_ALERT_/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
  return plain === '' ? 'no reason given' : plain;
}
