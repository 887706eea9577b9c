/** What a connection to the peer port is for, told by ALPN (RFC 7301) before a byte of it is read. */

export const alpn = {
  /** Consensus messages, one way; members only. */
  raft: 'trivet-raft/1',
  /** Requests and answers between members: forwarding, reports, snapshots. */
  rpc: 'trivet-rpc/1',
  /** Requests and answers with a machine that has proved the enrolment secret by TLS-PSK. */
  enrolment: 'trivet-enrol/1',
  /** Requests and answers with a person's program that has proved an operator's key. */
  operator: 'trivet-operator/1',
} as const;

export type AlpnProtocol = (typeof alpn)[keyof typeof alpn];
