/** Takes an Arrow column apart into Parquet’s leaves: for each leaf its levels and which values it has. Source: the record shredding of apache/parquet-format. Pure. */
import { isSet } from './bytes.ts';
import type { ArrowColumn } from './record-batch.ts';

/** The entries of one leaf in one batch. */
export interface Shred {
  data: ArrowColumn;
  entries: number;
  /** Null: nothing repeats. */
  repetition: Uint8Array | null;
  /** Null: the leaf is a plain column; its NULLs say all. */
  definition: Uint8Array | null;
  /** Positions of the values that are there; null: every one. */
  indexes: Int32Array | null;
  most: { repetition: number; definition: number };
}

/** Entries on their way down: a level each, and the position in the data below, or -1 where something above is missing. */
interface Slots {
  repetition: Uint8Array;
  definition: Uint8Array;
  index: Int32Array;
}

/** The leaves of a column, depth first. */
export function shred(data: ArrowColumn): Shred[] {
  if (data.type.kind !== 'list' && data.type.kind !== 'struct') return [plain(data)];
  const slots: Slots = {
    repetition: new Uint8Array(data.length),
    definition: new Uint8Array(data.length),
    index: Int32Array.from({ length: data.length }, (_, index) => index),
  };
  return descend(data, slots, { repetition: 0, definition: 0 });
}

function plain(data: ArrowColumn): Shred {
  const { length, nullCount, nullBitmap } = data;
  const facts = { data, entries: length, repetition: null, definition: null, most: { repetition: 0, definition: 1 } };
  if (nullCount === 0) return { ...facts, indexes: null };
  const indexes = new Int32Array(length - nullCount);
  for (let index = 0, at = 0; index < length; index += 1) if (isSet(nullBitmap, index)) indexes[at++] = index;
  return { ...facts, indexes };
}

function descend(data: ArrowColumn, above: Slots, most: Shred['most']): Shred[] {
  const slots = withoutNulls(data, above);
  const deeper = { ...most, definition: most.definition + 1 };
  if (data.type.kind === 'struct') return data.children.flatMap((child) => descend(child, slots, deeper));
  if (data.type.kind === 'list')
    return descend(data.children[0]!, elements(data, slots, most.repetition + 1), {
      repetition: most.repetition + 1,
      definition: deeper.definition + 1,
    });
  const present = slots.index.filter((index) => index >= 0);
  return [
    {
      data,
      entries: slots.index.length,
      repetition: deeper.repetition === 0 ? null : slots.repetition,
      definition: slots.definition,
      indexes: present,
      most: deeper,
    },
  ];
}

/** One level deeper where the value is not NULL. */
function withoutNulls({ nullCount, nullBitmap }: ArrowColumn, { repetition, definition, index }: Slots): Slots {
  const deeper = definition.slice();
  const left = index.slice();
  for (let at = 0; at < index.length; at += 1) {
    if (index[at]! < 0) continue;
    if (nullCount > 0 && !isSet(nullBitmap, index[at]!)) left[at] = -1;
    else deeper[at]! += 1;
  }
  return { repetition, definition: deeper, index: left };
}

/** A slot for each element; a list that is empty or missing keeps one. */
function elements(data: ArrowColumn, { repetition, definition, index }: Slots, level: number): Slots {
  const { offsets } = data;
  const lengthOf = (row: number) => (row < 0 ? 0 : offsets[row + 1]! - offsets[row]!);
  const count = index.reduce((sum, row) => sum + Math.max(1, lengthOf(row)), 0);
  const out: Slots = {
    repetition: new Uint8Array(count),
    definition: new Uint8Array(count),
    index: new Int32Array(count),
  };
  let to = 0;
  for (let at = 0; at < index.length; at += 1) {
    const row = index[at]!;
    const length = lengthOf(row);
    if (length === 0) {
      out.repetition[to] = repetition[at]!;
      out.definition[to] = definition[at]!;
      out.index[to++] = -1;
    }
    for (let element = 0; element < length; element += 1) {
      out.repetition[to] = element === 0 ? repetition[at]! : level;
      out.definition[to] = definition[at]! + 1;
      out.index[to++] = offsets[row]! + element;
    }
  }
  return out;
}
