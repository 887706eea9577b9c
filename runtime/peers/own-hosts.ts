import { networkInterfaces } from 'node:os';

/** All addresses that this machine has at the moment, link-local ones and loopback included. */
export function ownHosts(): string[] {
  return Object.values(networkInterfaces()).flatMap((infos) => infos?.map(({ address }) => address) ?? []);
}
