/** Agents as processes on loopback: cards of a factory's batch, and machines that are none. */
import { generateKeyPairSync } from 'node:crypto';
import t, { type Test } from 'tap';
import type { VouchersAnswer } from '../admin/protocol.ts';
import { EnrolmentLinks } from '../cluster/enrolment.ts';
import { proveVoucher } from '../cluster/voucher-proof.ts';
import { parseEndpoint } from '../peers/address-book.ts';
import { deriveSecretKeys } from '../peers/secret.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { encodeClaim, encodeManifest, signManifest } from '../vouchers/manifest.ts';
import { issueVoucher, parseVoucher } from '../vouchers/voucher.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const secret = 'a secret for tests, long enough';

/** A batch as the factory makes it. */
class Batch {
  readonly #key = generateKeyPairSync('ed25519').privateKey;
  readonly #batch = '0a1b2c3d';
  readonly key = formatBatchKey(this.#key);

  voucher(kind: 'device' | 'claim' = 'device', cluster = 'test'): string {
    const fields = { kind, batch: this.#batch, cluster, name: null, serial: null };
    return issueVoucher(this.#key, fields).secretText;
  }

  /** The cluster section of a card with this voucher. */
  card(voucher: string | undefined): Record<string, unknown> {
    return { name: 'test', secret, expect: 3, voucher, enrolment: { vouchers: [this.key] } };
  }

  claim(vouchers: readonly string[]): string {
    const devices = vouchers.map((text) => {
      const { id, name, serial, fingerprint } = parseVoucher(text)!;
      return { id, name, serial, fingerprint };
    });
    const text = encodeManifest({
      ...{ format: 1, batch: this.#batch, cluster: 'test', key: this.key },
      ...{ created: '2026-01-02T03:04:05Z', devices },
    });
    return encodeClaim(text, signManifest(text, this.#key), this.voucher('claim'));
  }
}

async function vouchers(node: TestNode, params: object): Promise<VouchersAnswer> {
  return (await node.request('vouchers', { ...params })) as VouchersAnswer;
}

/** A machine that has just become a member may know no leader for a moment. */
function list(node: TestNode): Promise<VouchersAnswer> {
  return until('the vouchers are listed', () => vouchers(node, { action: 'list' }));
}

async function reasonOf(node: TestNode): Promise<string> {
  return (await node.status()).reason ?? '';
}

function idOf(voucher: string): string {
  return parseVoucher(voucher)!.id;
}

/** Three cards of a batch that are a cluster, and others with the cluster sections given. None of those is started. */
async function startCards(
  t: Test,
  others: (batch: Batch, used: readonly string[]) => Record<string, unknown>[],
) {
  const batch = new Batch();
  const own = [batch.voucher(), batch.voucher(), batch.voucher()];
  const sections = [...own.map((voucher) => batch.card(voucher)), ...others(batch, own)];
  const nodes = await makeNodes(t, { size: sections.length, clusterOf: (i) => sections[i] });
  for (const node of nodes.slice(0, 3)) node.start();
  return { batch, own, cards: nodes.slice(0, 3), others: nodes.slice(3), first: nodes[0]! };
}

t.test(
  'cards form a cluster; a copy, a stranger and a card of another batch stay out and say why',
  async (t) => {
    const foreign = new Batch();
    const { batch, own, cards, others, first } = await startCards(t, (mine, used) => [
      mine.card(used[1]),
      foreign.card(foreign.voucher()),
      { name: 'test', secret, expect: 3 },
      mine.card(undefined),
      { ...mine.card(foreign.voucher()) },
      mine.card(mine.voucher('device', 'another')),
    ]);
    // All at once: those who do not belong must not get in the way of those who form the cluster.
    for (const node of others.slice(1)) node.start();
    await untilHighlyAvailable(cards);
    const ids = await Promise.all(cards.map(async (node) => (await node.info()).id));
    const used = await until('all are used', async () => {
      const now = await list(cards[1]!);
      return now.vouchers.length === 3 ? now : null;
    });
    t.same(used.vouchers.map(({ id }) => id).sort(), own.map(idOf).sort());
    t.same(used.vouchers.map(({ usedBy }) => usedBy).sort(), [...ids].sort());
    t.same(
      used.keys.map(({ key }) => key),
      [batch.key],
    );
    others[0]!.start();
    const expected = [
      new RegExp(`voucher ${idOf(own[1]!)} of this machine was used by .* \\(node ${ids[1]}\\)`),
      /The cluster [0-9a-f]{16} at .* does not count: it was begun by a machine of another batch/,
      /admits only machines with a voucher .*, and this machine has none/,
      /admits only machines with a voucher .*, and this machine has none/,
      /is of another batch \(key [0-9a-f]{32}\)/,
      /is for the cluster "another", and this one is "test"/,
    ];
    for (const [i, text] of expected.entries())
      await until(`${i} says ${text}`, async () => text.test(await reasonOf(others[i]!)));
    for (const node of others) t.equal((await node.status()).self.state, 'blank');
    t.equal((await first.status()).nodes.length, 3);
    t.notMatch(others[0]!.output, own[1]!.split('.').at(-1)!, 'no private key in the log');
    // A person lets a machine in all the same.
    const late = await others[3]!.info();
    await first.request('nodes.enrolment', { action: 'approve', node: late.id });
    await until('it is a member', async () => (await others[3]!.status()).self.state === 'member');
  },
);

t.test('a machine that only knows the secret gathers no cards', async (t) => {
  const batch = new Batch();
  const cards = [batch.card(batch.voucher()), batch.card(batch.voucher())];
  const alone = { name: 'test', secret, expect: 1 };
  const nodes = await makeNodes(t, { size: 3, clusterOf: (i) => [alone, ...cards][i] });
  nodes[0]!.start();
  await until('it is a cluster of its own', async () => (await nodes[0]!.status()).self.state === 'member');
  for (const node of nodes.slice(1)) node.start();
  await until('the cards see it and each other', async () => {
    const [a, b] = [await reasonOf(nodes[1]!), await reasonOf(nodes[2]!)];
    return [a, b].every((text) =>
      /2 of 3 nodes found.*The cluster \S+ at \S+ does not count: it does not show that a machine with a voucher/.test(
        text,
      ),
    );
  });
  t.equal((await nodes[0]!.status()).nodes.length, 1);
});

t.test('a hundred machines with one voucher at once become one member', async (t) => {
  const { batch, cards, first } = await startCards(t, () => []);
  await untilHighlyAvailable(cards);
  await until('all are used', async () => (await list(first)).vouchers.length === 3);
  const voucher = parseVoucher(batch.voucher())!;
  const endpoints = cards.map((node) => parseEndpoint(node.address, 0)!);
  const keys = deriveSecretKeys('test', secret);
  const links = Array.from({ length: 100 }, () => new EnrolmentLinks(keys));
  t.teardown(() => {
    for (const link of links) link.close();
  });
  const outcomes = await Promise.allSettled(
    links.map((link, i) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
      const proof = proveVoucher(voucher, 'test', pem);
      return link.enrol(endpoints[i % 3]!, {
        name: `m${i}`,
        publicKey: pem,
        address: ':1',
        version: '1',
        proof,
      });
    }),
  );
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const refusals = outcomes.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  t.same(
    refusals.filter((text) => !/was used by .*node [0-9a-f]{16}/.test(text)),
    [],
  );
  t.equal((await first.status()).nodes.length, 4);
  // What one machine shows is of no use to another.
  const [thief, victim] = [0, 1].map(() => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }) as [string, string];
  const proof = proveVoucher(parseVoucher(batch.voucher())!, 'test', victim);
  const stolen = { name: 'thief', publicKey: thief, address: ':1', version: '1', proof };
  await t.rejects(links[0]!.enrol(endpoints[0]!, stolen), /the one that this machine shows is not its own/);
});

t.test(
  'a person refuses a voucher, and allows it again; a removal closes nothing to other vouchers',
  async (t) => {
    const batch = new Batch();
    const own = Array.from({ length: 5 }, () => batch.voucher());
    const nodes = await makeNodes(t, { size: 5, clusterOf: (i) => batch.card(own[i]) });
    const [lost, spare] = [nodes[3]!, nodes[4]!];
    for (const node of nodes.slice(0, 3)) node.start();
    await untilHighlyAvailable(nodes);
    const id = idOf(own[3]!);
    t.match(
      (await vouchers(nodes[1]!, { action: 'refuse', id })).vouchers.find((one) => one.id === id),
      {
        state: 'refused',
      },
    );
    lost.start();
    await until('it says why', async () =>
      (await reasonOf(lost)).includes(`${id} of this machine was refused`),
    );
    await t.rejects(
      vouchers(nodes[0]!, { action: 'refuse', id: idOf(own[0]!) }),
      /which is a member.*remove-node/,
    );
    await t.rejects(vouchers(nodes[0]!, { action: 'allow', id: idOf(own[0]!) }), /is not refused/);
    await t.rejects(vouchers(nodes[0]!, { action: 'refuse', id: 'xyz' }), /12 digits/);
    await vouchers(nodes[2]!, { action: 'allow', id });
    await until('it is a member', async () => (await lost.status()).self.state === 'member');
    await nodes[0]!.request('node.remove', { node: (await lost.info()).id });
    spare.start();
    await until('another card comes in', async () => (await spare.status()).self.state === 'member');
    // The voucher of the machine that was removed stays used.
    await lost.stop('SIGKILL');
    t.match(
      (await list(spare)).vouchers.find((one) => one.id === id),
      { state: 'used', usedByName: null },
    );
  },
);

t.test(
  'a cluster without vouchers takes a batch over, also with a CA that has followed on another',
  async (t) => {
    const batch = new Batch();
    const [first, second] = [batch.voucher(), batch.voucher()];
    const nodes = await makeNodes(t, {
      size: 6,
      clusterOf: (i) =>
        [undefined, undefined, undefined, batch.card(first), undefined, batch.card(second)][i],
    });
    for (const node of nodes.slice(0, 3)) node.start();
    await untilHighlyAvailable(nodes);
    const [member, , , card, stranger, later] = nodes as [
      TestNode,
      TestNode,
      TestNode,
      TestNode,
      TestNode,
      TestNode,
    ];
    card.start();
    await until('the card does not trust it yet', async () => /does not count/.test(await reasonOf(card)));
    const claim = batch.claim([first, second]);
    await t.rejects(
      vouchers(member, { action: 'claim', claim: claim.replace(/"id/, '"ie') }),
      /The batch is not taken over: /,
    );
    const taken = await until('the batch is taken over', () =>
      vouchers(nodes[1]!, { action: 'claim', claim }),
    );
    t.match(taken, { claimed: '0a1b2c3d', vouchers: [{ state: 'never seen' }, { state: 'never seen' }] });
    await until('the card is a member', async () => (await card.status()).self.state === 'member');
    t.match((await list(card)).vouchers.map(({ state }) => state).sort(), ['never seen', 'used']);
    stranger.start();
    await until('the secret is not enough now', async () =>
      /admits only machines with a voucher/.test(await reasonOf(stranger)),
    );
    await member.request('ca', { action: 'rotate' });
    await until('the old CA is forgotten', async () => {
      const { waitingFor } = (await member.request('ca', { action: 'status' })) as { waitingFor: unknown };
      return waitingFor === null;
    });
    later.start();
    await until('the other card follows the CAs', async () => (await later.status()).self.state === 'member');
  },
);
