/**
 * Writes Arrow batches as an uncompressed Parquet file, which is how they reach DuckDB: the driver takes no Arrow, and both formats keep columns almost alike.
 * Buffers of a batch go to the file from where they arrived; only NULLs, decimals and nested columns are touched. So it holds the batches of one row group in memory.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { ArrowField } from './arrow-type.ts';
import { encodeBitmap, encodeLevels, lengthOf } from './bytes.ts';
import { type Chunk, footer, type Leaf, leavesOf, pageHeader, type RowGroup } from './footer.ts';
import { encodeValues, encodings, leafValues } from './leaf-values.ts';
import type { ArrowBatch } from './record-batch.ts';
import { type Shred, shred } from './shred.ts';

const magic = Buffer.from('PAR1');
const groupRows = 122_880;
/** Whoever reads the file takes memory for a row group. */
export const groupBytes = 8 << 20;

/** Pages of one leaf that wait for their row group. */
interface Pending {
  leaf: Leaf;
  entries: number;
  pages: Uint8Array[];
  bytes: number;
  encodings: Set<number>;
}

export class ParquetFile {
  private readonly file: FileHandle;
  private readonly fields: readonly ArrowField[];
  private readonly groups: RowGroup[] = [];
  private readonly pending: Pending[];
  private pendingRows = 0;
  private position = magic.length;
  /** Rows taken so far. */
  rows = 0;

  private constructor(file: FileHandle, fields: readonly ArrowField[], leaves: readonly Leaf[]) {
    this.file = file;
    this.fields = fields;
    this.pending = leaves.map((leaf) => ({
      leaf,
      entries: 0,
      pages: [],
      bytes: 0,
      encodings: new Set(),
    }));
  }

  static async create(path: string, fields: readonly ArrowField[]): Promise<ParquetFile> {
    // Refuses what it cannot write before there is a file.
    const leaves = leavesOf(fields);
    const file = await open(path, 'w');
    await file.write(magic);
    return new ParquetFile(file, fields, leaves);
  }

  /** Takes a batch, whose memory is held until its row group is written; resolves when it may take another. */
  async add({ rows, columns }: ArrowBatch): Promise<void> {
    if (rows === 0) return;
    const shreds = columns.flatMap(shred);
    for (const [index, one] of shreds.entries()) addPage(this.pending[index]!, one);
    this.pendingRows += rows;
    this.rows += rows;
    const bytes = this.pending.reduce((sum, one) => sum + one.bytes, 0);
    if (this.pendingRows >= groupRows || bytes >= groupBytes) await this.writeGroup();
  }

  async finish(): Promise<void> {
    await this.writeGroup();
    const end = footer(this.fields, this.groups);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(end.length);
    await this.file.writev([end, length, magic]);
    await this.file.close();
  }

  /** Closes an unfinished file. */
  async abandon(): Promise<void> {
    await this.file.close();
  }

  private async writeGroup(): Promise<void> {
    if (this.pendingRows === 0) return;
    const chunks: Chunk[] = [];
    for (const { leaf, entries, bytes, encodings: used } of this.pending) {
      chunks.push({ leaf, entries, bytes, offset: this.position, encodings: [...used] });
      this.position += bytes;
    }
    this.groups.push({ rows: this.pendingRows, chunks });
    await writeAll(
      this.file,
      this.pending.flatMap((one) => one.pages),
    );
    this.pendingRows = 0;
    for (const one of this.pending) {
      one.pages = [];
      one.bytes = 0;
      one.entries = 0;
      one.encodings.clear();
    }
  }
}

/** The system takes so many buffers at once. */
const buffersAtOnce = 1_000;

async function writeAll(file: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  for (let rest = buffers.filter((buffer) => buffer.length > 0); rest.length > 0; ) {
    const { bytesWritten } = await file.writev(rest.slice(0, buffersAtOnce));
    rest = behind(rest, bytesWritten);
  }
}

/** What is left when the first `bytes` bytes are done; the system may take less than it was given. */
function behind(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let done = bytes;
  let whole = 0;
  while (whole < buffers.length && done >= buffers[whole]!.length) done -= buffers[whole++]!.length;
  const [first, ...others] = buffers.slice(whole);
  return first === undefined ? [] : [first.subarray(done), ...others];
}

function addPage(pending: Pending, one: Shred): void {
  const values = encodeValues(leafValues(one.data), one.entries, one.indexes);
  const body = [...levelsOf(one), ...values.buffers];
  const bytes = lengthOf(body);
  const header = pageHeader(bytes, one.entries, values.encoding);
  pending.pages.push(header, ...body);
  pending.bytes += header.length + bytes;
  pending.entries += one.entries;
  pending.encodings.add(values.encoding).add(encodings.rle);
}

function levelsOf({ data, entries, repetition, definition, most }: Shred): Uint8Array[] {
  const repeats = repetition === null ? [] : encodeLevels(repetition, most.repetition);
  if (definition !== null) return [...repeats, ...encodeLevels(definition, most.definition)];
  return data.nullCount === 0 ? encodeLevels({ all: 1, count: entries }, 1) : encodeBitmap(data.nullBitmap, entries);
}
