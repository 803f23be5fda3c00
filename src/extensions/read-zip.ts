/** Reads the entries of a ZIP archive in memory (a Python wheel is one). Pure. */
import { crc32, inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  /** Unpacks and checks the entry; throws when it is damaged or larger than `mostBytes`. */
  read(mostBytes: number): Buffer;
}

const endMark = 0x06054b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;
const endBytes = 22;
const longestComment = 0xffff;

/** Throws a plain error that says what is wrong with the archive. */
export function readZip(archive: Buffer): ZipEntry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== entryMark)
      throw new Error('its list of contents is damaged');
    const nameBytes = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameBytes);
    const facts = {
      method: archive.readUInt16LE(at + 10),
      checksum: archive.readUInt32LE(at + 16),
      packedBytes: archive.readUInt32LE(at + 20),
      bytes: archive.readUInt32LE(at + 24),
      offset: archive.readUInt32LE(at + 42),
    };
    entries.push({ name, read: (mostBytes) => readEntry(archive, name, facts, mostBytes) });
    at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function findEnd(archive: Buffer): number {
  for (let at = archive.length - endBytes; at >= Math.max(0, archive.length - endBytes - longestComment); at -= 1)
    if (archive.readUInt32LE(at) === endMark) return at;
  throw new Error('it is no ZIP archive, or was cut off');
}

interface EntryFacts {
  method: number;
  checksum: number;
  packedBytes: number;
  bytes: number;
  offset: number;
}

function readEntry(
  archive: Buffer,
  name: string,
  { method, checksum, packedBytes, bytes, offset }: EntryFacts,
  mostBytes: number,
): Buffer {
  if (bytes > mostBytes) throw new Error(`${name} would be ${bytes} bytes`);
  if (offset + 30 > archive.length || archive.readUInt32LE(offset) !== localMark) throw new Error(`${name} is damaged`);
  const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method !== 0 && method !== 8) throw new Error(`${name} is packed in an unknown way (${method})`);
  const content = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
  if (content.length !== bytes || crc32(content) !== checksum) throw new Error(`${name} is damaged`);
  return content;
}
