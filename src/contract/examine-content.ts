/** Reads the parts of a table: the bytes they claim to be, and the rows they claim to have. */
import { join } from 'node:path';
import { fileList } from '../duckdb/read-files.ts';
import type { Session } from '../duckdb/session.ts';
import { hashFile } from '../files/hash-file.ts';
import { type Finding, finding } from './findings.ts';
import type { Part } from './shapes.ts';

/** What is wrong with the content of parts whose files were found well. `hash: false` spares reading every byte. */
export async function examineContent(
  session: Session,
  directory: string,
  table: string,
  parts: readonly Part[],
  { hash = true }: { hash?: boolean } = {},
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const part of parts) {
    const file = join(directory, part.path);
    const counted = await session
      .first<{ rows: string }>(`SELECT sum(num_rows) AS rows FROM parquet_file_metadata(${fileList([file])})`)
      .catch((thrown: Error) => thrown);
    if (counted instanceof Error) {
      findings.push(finding('part_unreadable', table, `${part.path}, ${counted.message.split('\n')[0]}`));
      continue;
    }
    if (Number(counted?.rows) !== part.rows)
      findings.push(finding('part_rows', table, `${part.path} has ${counted?.rows} rows, not ${part.rows}`));
    if (hash && (await hashFile(file)) !== part.sha256)
      findings.push(finding('part_sha256', table, `${part.path} is not ${part.sha256 || 'given one'}`));
  }
  return findings;
}
