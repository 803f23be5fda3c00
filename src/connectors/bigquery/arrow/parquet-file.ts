/**
 * Writes Arrow batches as an uncompressed Parquet file, which is how they reach DuckDB: the driver takes no Arrow, and both formats keep columns almost alike.
 * Buffers of a batch go to the file as they came; only NULLs, decimals and nested columns are touched. It holds one row group in memory.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { Field, RecordBatch } from 'apache-arrow';
import { encodeBitmap, encodeLevels } from './bytes.ts';
import { type Chunk, footer, type Leaf, leavesOf, pageHeader, type RowGroup } from './footer.ts';
import { encodeValues, encodings, leafValues } from './leaf-values.ts';
import { type Shred, shred } from './shred.ts';

const magic = Buffer.from('PAR1');
const groupRows = 122_880;
const groupBytes = 24 << 20;

/** Pages of one leaf that wait for their row group. */
interface Pending {
  leaf: Leaf;
  entries: number;
  bytes: number;
  buffers: Uint8Array[];
  encodings: Set<number>;
}

export class ParquetFile {
  private readonly file: FileHandle;
  private readonly fields: readonly Field[];
  private readonly groups: RowGroup[] = [];
  private pending: Pending[] = [];
  private pendingRows = 0;
  private position = magic.length;
  /** Rows taken so far. */
  rows = 0;

  private constructor(file: FileHandle, fields: readonly Field[]) {
    this.file = file;
    this.fields = fields;
    this.pending = this.emptyGroup();
  }

  static async create(path: string, fields: readonly Field[]): Promise<ParquetFile> {
    const file = await open(path, 'w');
    await file.write(magic);
    return new ParquetFile(file, fields);
  }

  /** Takes a batch; resolves when it may take another. */
  async add(batch: RecordBatch): Promise<void> {
    if (batch.numRows === 0) return;
    const shreds = batch.data.children.flatMap(shred);
    for (const [index, one] of shreds.entries()) addPage(this.pending[index]!, one);
    this.pendingRows += batch.numRows;
    this.rows += batch.numRows;
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

  private emptyGroup(): Pending[] {
    return leavesOf(this.fields).map((leaf) => ({ leaf, entries: 0, bytes: 0, buffers: [], encodings: new Set() }));
  }

  private async writeGroup(): Promise<void> {
    if (this.pendingRows === 0) return;
    const chunks: Chunk[] = [];
    for (const { leaf, entries, bytes, encodings: used } of this.pending) {
      chunks.push({ leaf, entries, bytes, offset: this.position, encodings: [...used] });
      this.position += bytes;
    }
    this.groups.push({ rows: this.pendingRows, chunks });
    const buffers = this.pending.flatMap((one) => one.buffers);
    this.pending = this.emptyGroup();
    this.pendingRows = 0;
    await writeAll(this.file, buffers);
  }
}

/** The system takes so many buffers at once. */
const buffersAtOnce = 1_000;

async function writeAll(file: FileHandle, buffers: readonly Uint8Array[]): Promise<void> {
  for (let from = 0; from < buffers.length; from += buffersAtOnce)
    await file.writev(buffers.slice(from, from + buffersAtOnce));
}

function addPage(pending: Pending, one: Shred): void {
  const levels = levelsOf(one);
  const values = encodeValues(leafValues(one.data), one.entries, one.indexes);
  const body = [...levels, ...values.buffers];
  const bytes = body.reduce((sum, buffer) => sum + buffer.length, 0);
  const header = pageHeader(bytes, one.entries, values.encoding);
  pending.buffers.push(header, ...body);
  pending.bytes += header.length + bytes;
  pending.entries += one.entries;
  pending.encodings.add(values.encoding).add(encodings.rle);
}

function levelsOf({ data, entries, repetition, definition, most }: Shred): Uint8Array[] {
  const repeats = repetition === null ? [] : [encodeLevels(repetition, most.repetition)];
  if (definition !== null) return [...repeats, encodeLevels(definition, most.definition)];
  return [data.nullCount === 0 ? encodeLevels({ all: 1, count: entries }, 1) : encodeBitmap(data.nullBitmap, entries)];
}
