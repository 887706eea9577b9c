/** What a Node that is made differently is answered, tried on copies of the real one with a few bytes changed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../../architecture.ts';
import { openCache } from '../../cache/cache.ts';
import { checkout } from '../../checkout.ts';
import { readElf, readSections, segmentsOf } from '../../formats/elf/file.ts';
import * as layout from '../../formats/elf/layout.ts';
import { provideNode } from '../node-package.ts';
import { nodeSymbolsScript, relocationsAssembly, threadLocalAssembly, wantedSymbols } from './generate.ts';
import { linkedAddress, type NodeFacts, readNodeFacts } from './node-facts.ts';

const architecture = architectureOf('x86_64');
const bytes = readFileSync(path.join(checkout, 'node_modules', architecture.nodePackage, 'bin/node'));
const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const file = readElf(bytes)!;

function read(): NodeFacts {
  return readNodeFacts(bytes, architecture, 'Node 99');
}

/** Reads the facts with other bytes in one place, and puts the old ones back. */
function readWith(offset: number, changed: Uint8Array): NodeFacts {
  const before = Uint8Array.from(bytes.subarray(offset, offset + changed.length));
  bytes.set(changed, offset);
  try {
    return read();
  } finally {
    bytes.set(before, offset);
  }
}

function sectionOffset(name: string): number {
  return readSections(file).find((section) => section.name === name)!.fileOffset;
}

/** Where the header of a segment lies, and a field of it. */
function headerOffset(type: number, field: { readonly offset: number }, last = false): number {
  const types = file.segments.map((segment) => segment.type);
  const index = last ? types.lastIndexOf(type) : types.indexOf(type);
  return file.segmentTable.fileOffset + index * layout.programHeaderSize + field.offset;
}

function number64(value: number): Uint8Array {
  const bytes64 = Buffer.alloc(8);
  bytes64.writeBigUInt64LE(BigInt(value));
  return bytes64;
}

/** The offset of a name in the strings of the dynamic symbols. */
function nameOffset(name: string): number {
  return bytes.indexOf(`\0${name}\0`, sectionOffset('.dynstr')) + 1;
}

const message = (text: RegExp): { code: string; message: RegExp } => ({
  code: 'unexpected-node',
  message: new RegExp(`^Node 99 cannot be linked statically: ${text.source}`),
});

t.test('readNodeFacts refuses another kind of program', async (t) => {
  t.throws(
    () => readWith(layout.fileHeader.type.offset, Buffer.from([3])),
    message(/its ELF type is 3, not 2 \(ET_EXEC\).*See fill_slots/),
  );
  t.throws(
    () => readWith(layout.fileHeader.machine.offset, Buffer.from([183])),
    message(/it is for machine 183, not 62/),
  );
  t.throws(() => readWith(0, Buffer.from('#!')), message(/it is not 64-bit ELF/));
  const truncated = bytes.subarray(0, 5_000_000);
  t.throws(() => readNodeFacts(truncated, architecture, 'Node 99'), message(/its ELF tables are damaged/));
});

t.test('readNodeFacts refuses relocations and imports that nobody has looked at', async (t) => {
  const type = sectionOffset('.rela.dyn') + layout.relocation.type.offset;
  t.throws(
    () => readWith(type, Buffer.from([8])),
    message(/it has a relocation of type 8 .*See "relocations" in/),
  );
  t.throws(
    () => readWith(nameOffset('__libc_stack_end'), Buffer.from('__libc_stack_new')),
    message(
      /it copies data that it did not copy before: __libc_stack_new\. See image\/binary\/static\/known-imports/,
    ),
  );
  t.throws(
    () => readWith(nameOffset('getentropy'), Buffer.from('newentropy')),
    message(/it has weak imports that it did not have: newentropy/),
  );
  t.throws(
    () => readWith(nameOffset('_ZSt11__once_call'), Buffer.from('_ZSt11__once_more')),
    message(/it uses the thread-local objects _ZSt11__once_more, _ZSt15__once_callable/),
  );
});

t.test('readNodeFacts refuses a layout that leaves no room', async (t) => {
  const { alignment, memorySize, type } = layout.programHeader;
  const { threadLocal, load, readOnlyAfterStart } = layout.segmentType;
  t.throws(
    () => readWith(headerOffset(threadLocal, alignment), number64(64)),
    message(/its thread-local block wants an alignment of 64 bytes/),
  );
  t.throws(
    () => readWith(headerOffset(load, memorySize, true), number64(linkedAddress)),
    message(/it ends at 0x[0-9a-f]+, behind the address 0x7000000 .*Raise linkedAddress/),
  );
  t.throws(
    () => readWith(headerOffset(readOnlyAfterStart, type), Buffer.from([0, 0, 0, 0])),
    message(/it has no segment "readOnlyAfterStart"/),
  );
});

t.test('readNodeFacts refuses a Node without the functions that an addon calls', async (t) => {
  const names = nameOffset('napi_throw') - sectionOffset('.dynstr');
  const start = sectionOffset('.dynsym');
  let symbol = start;
  while (view.getUint32(symbol, true) !== names) symbol += layout.symbolSize;
  t.throws(
    () => readWith(symbol + layout.symbol.section.offset, Buffer.from([0, 0])),
    message(/it exports no napi_throw/),
  );
});

t.test('readNodeFacts reads both architectures, and what is generated names every slot once', async (t) => {
  const both = [architecture, architectureOf('arm64')];
  for (const one of both) {
    const node = await provideNode(checkout, openCache(), one);
    const facts = readNodeFacts(readFileSync(path.join(node.directory, 'bin/node')), one, 'Node');
    const assembly = relocationsAssembly(facts);
    t.ok(facts.slots.length > 500);
    const filled = [...assembly.matchAll(/^\.quad (\d+), [^,\n]+$/gm)].map((match) => Number(match[1]));
    t.same(
      filled,
      facts.slots.map((slot) => slot.address),
    );
    t.equal(new Set(filled).size, filled.length);
    t.match(assembly, /\.quad \d+, glue_tzset\n/, 'tzset is replaced');
    t.notMatch(assembly, /, tzset\n/);
    t.match(assembly, /\.set environ, \d+\n/, 'the environment is one for both');
    t.match(nodeSymbolsScript(facts), /^node_main = 0x[0-9a-f]+;\n/);
    t.match(nodeSymbolsScript(facts), /^PROVIDE\(napi_throw = 0x[0-9a-f]+\);$/m);
    t.ok(wantedSymbols(facts).includes('getentropy'));
    const block = threadLocalAssembly(facts, one);
    t.match(block, one.elf.threadLocalBlock === 'first' ? /\.tdata/ : /\.tbss/);
    t.equal(segmentsOf(facts.file, 'threadLocal').length, 1);
  }
});
