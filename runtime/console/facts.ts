/** What a status screen shows. */
import type { ClusterStatus, EnrolmentAnswer } from '../admin/protocol.ts';

export interface ConsoleFacts {
  /** The machine's own, for when the agent has never answered. */
  readonly hostName: string;
  readonly addresses: readonly InterfaceAddress[];
  /** What the agent said last; null before it has answered. */
  readonly status: ClusterStatus | null;
  /** null where it cannot be told. */
  readonly enrolment: EnrolmentAnswer | null;
  /** Since when the agent has not answered, and why; null while it does. */
  readonly silence: { readonly since: Date; readonly reason: string } | null;
}

export interface InterfaceAddress {
  readonly name: string;
  readonly address: string;
}

/** The addresses of `os.networkInterfaces()` that a person could use, those of a whole network before those of a link. */
export function usableAddresses(
  interfaces: Readonly<
    Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
  >,
): InterfaceAddress[] {
  return Object.entries(interfaces)
    .flatMap(([name, infos = []]) =>
      infos.filter(({ internal }) => !internal).map(({ address }) => ({ name, address })),
    )
    .sort((a, b) => Number(isOfLink(a.address)) - Number(isOfLink(b.address)) || compare(a.name, b.name));
}

function isOfLink(address: string): boolean {
  return /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
