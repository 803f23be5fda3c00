/** A folder of files as a source: CSV, TSV, NDJSON, JSON and Parquet, plain or compressed with gzip or Zstandard. */
import { deriveTableId } from '../../contract/identity.ts';
import { type DiscoveredTable, defineConnector } from '../connector.ts';
import { type FoundFile, listAllFiles } from './list-files.ts';
import { options, type Settings, settings } from './options.ts';
import { planTable } from './plan-table.ts';
import { settleTable } from './settle-table.ts';

/** Reads files in a folder; nothing in it is ever changed. */
export const csv = defineConnector<Settings>({
  type: 'csv',
  title: 'Files in a folder',
  summary: 'CSV, TSV, NDJSON, JSON and Parquet files, plain or packed with gzip or Zstandard.',
  settings,
  options,
  serves: { cursor: false, partitions: false, where: true, columns: true, changes: false, pieces: true, remote: false },
  flat: true,
  check: async ({ settings: { path } }) => {
    const files = await listAllFiles(path);
    return {
      summary: `Folder ${path}, ${files.length} files`,
      facts: { files: files.length, size_bytes: files.reduce((sum, file) => sum + file.size, 0) },
      warnings: files.length === 0 ? [`There is no file in ${path} yet.`] : [],
    };
  },
  discover: async ({ settings: { path } }) => (await listAllFiles(path)).map(discovered),
  settle: settleTable,
  read: async (context) => ({
    plan: (table, request) => planTable(context, table, request),
    close: async () => {},
  }),
});

function discovered(file: FoundFile): DiscoveredTable {
  return {
    bucket: null,
    source_table: file.name,
    name: proposedName(file.name),
    description: null,
    kind: 'file',
    columns: null,
    primary_key: [],
    rows: null,
    size_bytes: file.size,
  };
}

/** The file's name without its folder and suffixes. */
function proposedName(name: string): string | null {
  const base = name.split('/').at(-1) ?? name;
  try {
    return deriveTableId(base.replace(/(\.(csv|tsv|txt|tab|json|ndjson|jsonl|parquet|gz|zst))+$/i, ''));
  } catch {
    return null;
  }
}
