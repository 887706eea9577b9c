/** Where others see this node: from the connections that they make, as long as the machine has that address. */
import { addressForOthers, formatEndpoint, isLinkLocal, plainAddress } from '../peers/address-book.ts';
import { ownHosts } from '../peers/own-hosts.ts';

export class OwnAddress {
  readonly #listenAddress: string;
  readonly #port: number;
  #seen: string | null = null;

  constructor(listenAddress: string, port: number) {
    this.#listenAddress = listenAddress;
    this.#port = port;
  }

  /** A peer has connected to this address of ours. A link-local one says nothing to those on other links. */
  see(localAddress: string | undefined): void {
    if (localAddress === undefined || (isLinkLocal(localAddress) && this.#seen !== null)) return;
    this.#seen = addressForOthers(localAddress);
  }

  /** `host:port`; a guess until somebody has connected, and again when the address has gone. */
  current(): string {
    const own = ownHosts();
    const host = this.#seen !== null && own.includes(this.#seen) ? this.#seen : this.#guess(own);
    return formatEndpoint({ host, port: this.#port });
  }

  #guess(own: readonly string[]): string {
    const listen = plainAddress(this.#listenAddress);
    if (listen !== '::' && listen !== '0.0.0.0') return addressForOthers(listen);
    const reachable = own.filter((host) => host !== '::1' && !host.startsWith('127.'));
    return (
      reachable.find((host) => !host.includes(':')) ??
      reachable.find((host) => !isLinkLocal(host)) ??
      reachable[0] ??
      '127.0.0.1'
    );
  }
}
