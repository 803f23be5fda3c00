/** Reads a table by the extension; whatever goes wrong there, the same table is read by HTTP in the same run, and the cause is said. */
import type { OpenPiece, PieceWay } from '../../read-way.ts';
import type { SourceTable } from '../describe-table.ts';
import type { HttpRead } from '../http-read.ts';
import type { Reading } from '../reading.ts';
import { extensionRelation } from './attach-extension.ts';

export async function openByExtension(
  reading: Reading,
  { name, source, columns }: { name: string; source: SourceTable; columns: readonly string[] },
  way: PieceWay,
  http: HttpRead,
): Promise<OpenPiece> {
  const attached = await reading.extension();
  if ('cause' in attached) return byHttp(attached.cause);
  return {
    relation: extensionRelation(attached.alias, source.id, columns),
    ...(source.rows === null ? {} : { rows: source.rows }),
    recover: async (failure) => {
      if (failure === null) return null;
      return byHttp(
        `the extension failed: ${(failure instanceof Error ? failure.message : String(failure)).split('\n')[0]}`,
      );
    },
  };

  async function byHttp(cause: string): Promise<OpenPiece> {
    reading.context.note(`${name} is read by HTTP: ${cause}`);
    return http.open(way);
  }
}
