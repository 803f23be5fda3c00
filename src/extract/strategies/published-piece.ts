/** The pieces of a table that is published, and how a new list of them becomes the table. */
import { join } from 'node:path';
import type { Part } from '../../contract/shapes.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { keptParts, type PieceState, type TableState } from '../table-state.ts';
import type { LaidOut, TableWork } from './table-work.ts';

/** A piece of the published table with its parts and their files. */
export interface PublishedPiece {
  state: PieceState;
  parts: Part[];
  files: string[];
}

/** The published pieces of a table, in order. */
export function publishedPieces({ run, before }: TableWork, state: TableState): PublishedPiece[] {
  const published = before.table?.parts ?? [];
  return state.pieces.map((piece) => {
    const parts = keptParts(piece, published);
    if (parts === null)
      throw new AttacheError('integrity', {
        message: `A part of the piece ${piece.id} is not published any more.`,
        hint: 'Sync the table in full.',
      });
    return { state: piece, parts, files: parts.map((part) => join(run.folder.directory, part.path)) };
  });
}

export function laidOut(pieces: readonly PublishedPiece[]): LaidOut {
  const parts = pieces.flatMap((piece) => piece.parts);
  return { parts, pieces: pieces.map((piece) => piece.state), rows: parts.reduce((sum, part) => sum + part.rows, 0) };
}

/** A piece with new parts. */
export function renewed({ run }: TableWork, state: PieceState, parts: Part[]): PublishedPiece {
  return {
    state: { ...state, parts: parts.map((part) => part.sha256) },
    parts,
    files: parts.map((part) => join(run.folder.directory, part.path)),
  };
}
