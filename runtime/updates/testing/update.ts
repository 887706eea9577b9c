/** A machine made of files, and updates for it: what the tests install into what. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { encodeEnvironment } from '../boot-environment.ts';
import type { Device, DevicePaths, ImageFacts, Slot } from '../device.ts';
import { encodeHead, encodeManifest, type UpdateManifest, type UpdatePart } from '../format.ts';

const keys = generateKeyPairSync('ed25519');
const slotBytes = 4 * 1024 * 1024;
const verityBytes = 256 * 1024;

export interface FileDeviceOptions {
  readonly bootChain?: ImageFacts['bootChain'];
  readonly version?: string;
  readonly slot?: Slot;
}

/** A device whose partitions are files in `directory`; its image is whole and good. */
export function makeDevice({
  bootChain = 'systemd-boot',
  version = '1.0',
  slot = 'a',
}: FileDeviceOptions = {}): {
  readonly device: Device;
  readonly directory: string;
  readonly remounts: string[];
} {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-update-'));
  const at = (name: string): string => path.join(directory, name);
  for (const name of [
    'efi/EFI/Linux',
    'efi/trivet',
    'partitions',
    'efivars',
    'net/lo',
    'net/eth0',
    'notes',
  ]) {
    mkdirSync(at(name), { recursive: true });
  }
  for (const name of ['a', 'b']) {
    writeFileSync(at(`partitions/root-${name}`), Buffer.alloc(slotBytes));
    writeFileSync(at(`partitions/verity-${name}`), Buffer.alloc(verityBytes));
  }
  const running = makeContent(version);
  writeStart(at(`partitions/root-${slot}`), running.root);
  writeStart(at(`partitions/verity-${slot}`), running.verity);
  writeFileSync(at(`efi/EFI/Linux/trivet-${slot}.efi`), running.kernel);
  if (bootChain === 'u-boot') {
    writeFileSync(at('efi/trivet/slots.env'), encodeEnvironment({ good: slot, trial: '', id: '' }));
  }
  const paths: DevicePaths = {
    imageFacts: at('image.json'),
    slot: at('slot'),
    bootPartition: at('efi'),
    partitions: at('partitions'),
    efiVariables: at('efivars'),
    networkDevices: at('net'),
    notes: at('notes'),
    factoryReset: at('.factory-reset'),
    lastOutcome: at('outcome.json'),
  };
  const image = factsOf(version, bootChain);
  writeFileSync(paths.imageFacts, JSON.stringify(image));
  writeFileSync(paths.slot, `${slot}\n`);
  const remounts: string[] = [];
  const actions = { remountBootPartition: (mode: string) => void remounts.push(mode), dropCaches: () => {} };
  return { device: { image, slot, paths, actions }, directory, remounts };
}

function factsOf(version: string, bootChain: ImageFacts['bootChain']): ImageFacts {
  return {
    ...{ name: 'edge', version, architecture: 'x86_64', target: 'cloud', bootChain, keys: 'development' },
    publicKey: keys.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    health: { seconds: 60 },
  };
}

export interface Content {
  readonly root: Buffer;
  readonly verity: Buffer;
  /** Names the root that it starts, as the command line of a real one does. */
  readonly kernel: Buffer;
  readonly files: Readonly<Record<string, Buffer>>;
}

/** What a version consists of; differs from version to version in most blocks. */
export function makeContent(version: string): Content {
  const root = Buffer.alloc(3 * 1024 * 1024 + 4096, `root of ${version} `);
  return {
    root,
    verity: Buffer.alloc(64 * 1024, `hashes of ${version} `),
    kernel: makeKernelImage(version, sha256(root)),
    files: { 'board/one.dtb': Buffer.from(`tree of ${version}`), 'two.dtb': Buffer.alloc(5000, version) },
  };
}

export interface UpdateFileOptions {
  readonly version: string;
  readonly content?: Content;
  readonly change?: (manifest: UpdateManifest) => UpdateManifest;
  /** Sign with another key than the device's. */
  readonly stranger?: boolean;
}

/** The bytes of an update file. */
export function makeUpdate({ version, content, change, stranger = false }: UpdateFileOptions): Buffer {
  const { root, verity, kernel, files } = content ?? makeContent(version);
  const pieces: Buffer[] = [];
  const part = (data: Buffer): Omit<UpdatePart, 'kind' | 'path'> => {
    // In several frames, as the builder writes them.
    const half = Math.ceil(data.length / 2);
    const frames = [data.subarray(0, half), data.subarray(half)].map((piece) => zstdCompressSync(piece));
    const stored = Buffer.concat(frames);
    pieces.push(stored);
    return {
      ...{ sizeBytes: data.length, sha256: sha256(data) },
      ...{ frames: frames.map((frame) => frame.length), storedSha256: sha256(stored) },
    };
  };
  const manifest: UpdateManifest = {
    ...{ format: 'trivet-update-1', name: 'edge', version, architecture: 'x86_64', target: 'cloud' },
    rootHash: sha256(root),
    parts: [
      { kind: 'root', ...part(root) },
      { kind: 'verity', ...part(verity) },
      { kind: 'kernel', ...part(kernel) },
      ...Object.entries(files).map(([name, data]) => ({ kind: 'file' as const, path: name, ...part(data) })),
    ],
  };
  const bytes = encodeManifest(change ? change(manifest) : manifest);
  const key = stranger ? generateKeyPairSync('ed25519').privateKey : keys.privateKey;
  return Buffer.concat([encodeHead(bytes, sign(null, bytes, key)), bytes, ...pieces]);
}

/** The least that a PE file with a section `.osrel` is; behind it the hash of the root. */
function makeKernelImage(version: string, rootHash: string): Buffer {
  const image = Buffer.alloc(4096);
  image.write('MZ', 'latin1');
  image.writeUInt32LE(64, 0x3c);
  image.write('PE\0\0', 64, 'latin1');
  image.writeUInt16LE(1, 64 + 6);
  image.write('.osrel', 88, 'latin1');
  const text = Buffer.from(`ID=trivet\nIMAGE_VERSION=${version}\n`);
  image.writeUInt32LE(text.length, 88 + 8);
  image.writeUInt32LE(512, 88 + 16);
  image.writeUInt32LE(1024, 88 + 20);
  text.copy(image, 1024);
  image.write(`roothash=${rootHash}`, 2048, 'latin1');
  return image;
}

/** Which root a kernel image starts, as it says itself. */
export function rootHashOf(kernelImage: string): string {
  return /roothash=([0-9a-f]{64})/.exec(readFileSync(kernelImage, 'latin1'))?.[1] ?? 'none';
}

function writeStart(file: string, data: Buffer): void {
  const whole = readFileSync(file);
  data.copy(whole);
  writeFileSync(file, whole);
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
