/** Cuts a large batch into slices of rows, over the same bytes: whoever reads one takes memory for a slice and not for the batch. Pure. */
import { isSet } from './bytes.ts';
import { type ArrowBatch, type ArrowColumn, bitsOf } from './record-batch.ts';

/** Slices of about `most` bytes of a batch that came in `bytes` bytes; they begin at whole bytes of bitmaps. */
export function* sliceBatch({ rows, columns }: ArrowBatch, bytes: number, most: number): Generator<ArrowBatch> {
  const count = Math.max(8, Math.floor((rows * most) / bytes / 8) * 8);
  if (count >= rows) yield { rows, columns };
  else
    for (let from = 0; from < rows; from += count) {
      const to = Math.min(rows, from + count);
      yield { rows: to - from, columns: columns.map((column) => slice(column, from, to)) };
    }
}

/** Offsets are counted from where they were, so what they point at stays whole. */
function slice(column: ArrowColumn, from: number, to: number): ArrowColumn {
  const { type, nullCount, nullBitmap, offsets, bytes, children } = column;
  const bitmap = nullCount === 0 ? nullBitmap : nullBitmap.subarray(from / 8, Math.ceil(to / 8));
  const rows = {
    ...column,
    length: to - from,
    nullBitmap: bitmap,
    nullCount: nullCount === 0 ? 0 : missing(bitmap, to - from),
  };
  switch (type.kind) {
    case 'struct':
      return { ...rows, children: children.map((child) => slice(child, from, to)) };
    case 'list':
    case 'text':
    case 'bytes':
      return { ...rows, offsets: offsets.subarray(from, to + 1) };
    default: {
      const width = bitsOf(type) / 8;
      return { ...rows, bytes: bytes.subarray(from * width, Math.ceil(to * width)) };
    }
  }
}

function missing(bitmap: Uint8Array, length: number): number {
  let count = 0;
  for (let index = 0; index < length; index += 1) if (!isSet(bitmap, index)) count += 1;
  return count;
}
