/** One file of separated values as a piece: DuckDB's strict reader first, and a careful second reading only for a file that does not fit it. */

import { join } from 'node:path';
import type { OpenPiece, PieceWay } from '../read-way.ts';
import { openChecked } from './checked-rows.ts';
import { reconcile } from './column-names.ts';
import { asFileFault } from './file-fault.ts';
import { isPlain, type OpenedFile, readSeparatedHead, type SeparatedHead, textOf } from './inspect-file.ts';
import { ensureUnchanged } from './list-files.ts';
import type { Contract } from './options.ts';
import { isUtf8 } from './read-bytes.ts';
import { readRecords } from './read-records.ts';
import { rewriteCarefully, shown } from './rewrite-carefully.ts';
import { type PlacedColumn, plainNames, readCsv, readRewritten, strictRelation } from './separated-relation.ts';

export interface TableColumn {
  name: string;
  type: string;
}

interface Reading {
  opened: OpenedFile;
  contract: Contract;
  head: SeparatedHead;
  placed: PlacedColumn[];
}

export async function openSeparated(
  opened: OpenedFile,
  contract: Contract,
  columns: readonly TableColumn[],
  way: PieceWay,
): Promise<OpenPiece> {
  const names = columns.map((column) => column.name);
  const head = await readSeparatedHead(opened, contract, names);
  const { positions } = reconcile(names, head.names);
  const placed = columns.map(({ type }, index) => ({ type, position: positions[index] ?? null }));
  const reading = { opened, contract, head, placed };
  return isPlain(contract, head) && !head.empty ? openStrictly(reading, way) : openCarefully(reading, way);
}

/** The whole file in one scan. A row that does not fit stops it. */
async function openStrictly(reading: Reading, way: PieceWay): Promise<OpenPiece> {
  const { opened, contract, head, placed } = reading;
  const { file, packing } = opened;
  const direct = packing.compression === 'none' && isUtf8(packing.marked ?? contract.encoding);
  const pipe = direct ? null : await way.pipe();
  const text = readCsv(pipe?.path ?? file.path, {
    delimiter: contract.delimiter,
    quote: contract.quote,
    lineEnd: head.lineEnd ?? '\n',
    header: contract.header,
    nullValues: contract.null_values,
    names: plainNames(head.names.length),
  });
  let decodingLost = false;
  return {
    relation: strictRelation(placed, contract, text),
    ...(pipe === null
      ? {}
      : {
          feed: async () => {
            const decodes = !isUtf8(packing.marked ?? contract.encoding);
            for await (const chunk of textOf(opened, contract.encoding)) {
              if (decodes && chunk.includes('\ufffd')) decodingLost = true;
              await pipe.write(chunk);
              way.progress(chunk.length);
            }
            await pipe.end();
            return { rows: null };
          },
        }),
    recover: async (failure) => {
      await ensureUnchanged(file);
      if (failure === null ? !decodingLost : isShortage(failure)) return null;
      return openCarefully(reading, way);
    },
  };
}

/** Row by row, for the few files that need it: finds the rows that cannot be taken, with their lines. */
async function openCarefully({ opened, contract, head, placed }: Reading, way: PieceWay): Promise<OpenPiece> {
  const { file, packing } = opened;
  const target = join(way.scratch, 'careful.csv');
  const names = plainNames(head.names.length);
  const decodedText = !isUtf8(packing.marked ?? contract.encoding);
  const rewritten = await rewriteCarefully(file.name, textOf(opened, contract.encoding), {
    dialect: head.dialect,
    contract,
    width: names.length,
    target,
    decodedText,
  }).catch((thrown: unknown) => {
    throw asFileFault(file.name, thrown);
  });
  return openChecked({
    session: way.session,
    file,
    relation: readRewritten(target, names, rewritten),
    names: head.names,
    placed,
    contract,
    bad: rewritten.bad,
    rawRows: (lines) => rawRows(opened, contract, head, lines),
  });
}

/** The rows that begin on `lines`, as they stand in the file. */
async function rawRows(
  opened: OpenedFile,
  contract: Contract,
  head: SeparatedHead,
  lines: ReadonlySet<number>,
): Promise<Map<number, string>> {
  const raws = new Map<number, string>();
  for await (const batch of readRecords(textOf(opened, contract.encoding), head.dialect, {
    skip: contract.skip,
    comment: contract.comment,
    oneColumn: head.names.length === 1,
  })) {
    for (const record of batch) if (lines.has(record.line)) raws.set(record.line, shown(record.raw));
    if (raws.size === lines.size) break;
  }
  return raws;
}

/** A lack of memory or disk is nothing that more care could cure. */
export function isShortage(failure: unknown): boolean {
  return failure instanceof Error && /Out of Memory|No space left|ENOSPC|INTERRUPT/i.test(failure.message);
}
