/** What the merge answers when the parts do not fit together; executable.test.ts runs the result when they do. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../../architecture.ts';
import { openCache } from '../../cache/cache.ts';
import { checkout } from '../../checkout.ts';
import { readElf, segmentsOf } from '../../formats/elf/file.ts';
import { findNote } from '../../formats/elf/notes.ts';
import { provideNode } from '../node-package.ts';
import { linkBesideNode } from './link.ts';
import { applicationNote, mergeExecutable } from './merge.ts';
import { type NodeFacts, readNodeFacts } from './node-facts.ts';
import { compileSqlite } from './sqlite-objects.ts';
import { findToolchain } from './toolchain.ts';

const architecture = architectureOf('x86_64');
const mark = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

async function makeParts(): Promise<{ facts: NodeFacts; linked: Uint8Array }> {
  const cache = openCache();
  const node = await provideNode(checkout, cache, architecture);
  const toolchain = await findToolchain(architecture);
  const sqliteObjects = await compileSqlite({ checkout, cache, architecture, node, toolchain });
  const facts = readNodeFacts(readFileSync(path.join(node.directory, 'bin/node')), architecture, 'Node');
  const { file } = await linkBesideNode({ cache, architecture, facts, toolchain, sqliteObjects });
  return { facts, linked: readFileSync(file) };
}

t.test(
  'mergeExecutable carries the application, and says where parts do not fit',
  { timeout: 300_000 },
  async (t) => {
    const { facts, linked } = await makeParts();
    // The mark as a text in the application is none of Node's business.
    const application = Buffer.from(`an application that speaks of ${mark}0`);
    const merge = (change: Partial<NodeFacts>): Uint8Array =>
      mergeExecutable({ architecture, facts: { ...facts, ...change }, linked, application });

    const merged = readElf(merge({}))!;
    t.same(Buffer.from(findNote(merged, applicationNote)!), application);
    for (const type of ['interpreter', 'dynamic', 'readOnlyAfterStart'] as const) {
      t.equal(segmentsOf(merged, type).length, 0, `no segment "${type}"`);
    }
    const at = Buffer.from(merged.bytes).indexOf(mark) + mark.length;
    t.equal(String.fromCharCode(merged.bytes[at]!), '1', 'Node looks for its application');

    const refusal = (text: RegExp): { code: string; message: RegExp } => ({
      code: 'unexpected-node',
      message: text,
    });
    t.throws(
      () => merge({ text: { start: -(2 ** 31), end: 0 } }),
      refusal(/farther than a branch reaches.*linkedAddress/),
    );
    const threadLocal = { ...facts.threadLocal, memorySize: facts.threadLocal.memorySize + 64 };
    t.throws(
      () => merge({ threadLocal }),
      refusal(/thread-local block lies at \d+ of \d+ bytes instead of at \d+\. See .*link\.ts/),
    );
    const sectionTable = { ...facts.file.sectionTable, count: 0 };
    t.throws(
      () => merge({ file: { ...facts.file, sectionTable } }),
      refusal(/its table of segments has room for 0, and 14 are needed/),
    );
    const bytes = Buffer.from(facts.file.bytes);
    bytes.write(`${mark}0`, 0x1000);
    t.throws(() => merge({ file: { ...facts.file, bytes } }), refusal(/is not there exactly once/));
    bytes.fill(0, 0x1000, 0x1000 + mark.length + 1);
    bytes.write('1', bytes.indexOf(mark) + mark.length);
    t.throws(() => merge({ file: { ...facts.file, bytes } }), refusal(/is not there exactly once/));
    t.throws(
      () => mergeExecutable({ architecture, facts, linked: Buffer.from('no ELF'), application }),
      refusal(/the linked part is no ELF file/),
    );
  },
);
