/**
 * The cluster's network: a namespace and an address for each node, joined by a bridge, inside the namespaces that
 * `sandbox.ts` made. Packets of one direction between two nodes are lost by sending them to an Ethernet address that
 * nobody has: in silence, as with a broken cable, also on connections that are open.
 */
import { spawnSync } from 'node:child_process';

const nobody = '02:00:00:00:00:fe';
/** Nodes with the same first two numbers reach each other; the third tells one lease from another. */
const firstSubnet = '10.77.0';
const prefixLength = 16;
/** The host of a subnet that leads to whatever else this side of the bridge has. */
const gatewayHost = 254;

export class Network {
  readonly size: number;
  readonly #lost = new Set<string>();
  readonly #subnets: string[];

  /** Throws when the system lacks what it takes. */
  constructor(size: number) {
    this.size = size;
    this.#subnets = Array.from({ length: size }, () => firstSubnet);
    ip('link set lo up');
    ip('link add name bridge type bridge');
    ip('link set bridge up');
    for (let node = 0; node < size; node += 1) {
      ip(`netns add n${node}`);
      ip(`link add name port${node} type veth peer name eth0 netns n${node}`);
      ip(`link set port${node} master bridge up`);
      ip(`-n n${node} link set lo up`);
      ip(`-n n${node} address add ${this.address(node)}/${prefixLength} dev eth0`);
      ip(`-n n${node} link set eth0 up`);
    }
  }

  address(node: number): string {
    return `${this.#subnets[node]}.${node + 1}`;
  }

  /** Gives a node another address for its old one, which begins as `subnet` (10.78.0), and a way to everything else. */
  move(node: number, subnet: string): void {
    this.removeIpv4(node);
    this.#subnets[node] = subnet;
    ip(`-n n${node} address add ${this.address(node)}/${prefixLength} dev eth0`);
    ip(`-n n${node} route add default via ${subnet}.${gatewayHost}`);
  }

  /** Leaves a node nothing but IPv6. */
  removeIpv4(node: number): void {
    ip(`-4 -n n${node} address flush dev eth0`);
  }

  removeIpv6(node: number): void {
    ip(`-6 -n n${node} address flush dev eth0`);
  }

  /** Gives a node another link-local IPv6 address for its old one. */
  moveLinkLocal(node: number, host: string): void {
    this.removeIpv6(node);
    ip(`-n n${node} address add fe80::${host}/64 dev eth0`);
  }

  /** An address of this side of the bridge; of a subnet that nodes move to, its gateway. */
  addOwnAddress(address: string): void {
    ip(`address add ${address} dev bridge`);
  }

  addGateway(subnet: string): void {
    this.addOwnAddress(`${subnet}.${gatewayHost}/${prefixLength}`);
  }

  /** The words before a command that make it run as a program on this node. */
  enter(node: number): readonly string[] {
    return ['nsenter', `--net=/run/netns/n${node}`];
  }

  /** Loses what one node sends to another. */
  lose(from: number, to: number): void {
    ip(`-n n${from} neighbour replace ${this.address(to)} lladdr ${nobody} dev eth0 nud permanent`);
    this.#lost.add(`${from} ${to}`);
  }

  restore(from: number, to: number): void {
    if (!this.#lost.delete(`${from} ${to}`)) return;
    ip(`-n n${from} neighbour del ${this.address(to)} dev eth0`);
  }

  close(): void {
    for (let node = 0; node < this.size; node += 1) {
      // A namespace goes some time after its name, and its devices with it; the next run uses the names again.
      ip(`link del port${node}`);
      ip(`netns del n${node}`);
    }
    ip('link del bridge');
  }
}

function ip(words: string): void {
  const run = spawnSync('ip', words.split(' '), { encoding: 'utf8' });
  if (run.error) throw new Error(`ip cannot be started (apt-get install iproute2): ${run.error.message}`);
  if (run.status !== 0) throw new Error(`ip ${words}: ${run.stderr.trim()}`);
}
