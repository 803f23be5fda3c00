/** Checks a server's manifest: ids, hashes and sizes are held against the grammar before anything of them touches the file system. */
import { z } from 'zod';
import { checkIdentity } from '../contract/identity.ts';
import { tableHash } from '../contract/table-hash.ts';
import { AttacheError, toErrorRecord } from '../errors/attache-error.ts';
import type { Manifest, ManifestTable } from './shapes.ts';

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
/** Counts that may pass 2^53 travel as text. */
const rowCount = z.union([count, z.string().regex(/^\d+$/).transform(Number)]);

const partShape = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size_bytes: count, rows: rowCount });

const tableShape = z.object({
  hash: z.string().nullish(),
  updated: z.string().nullish(),
  rows: rowCount.nullish(),
  size_bytes: rowCount.nullish(),
  query_mode: z.enum(['local', 'remote']).default('local'),
  source: z.string().nullish(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).nullish(),
  parts: z.array(partShape).nullish(),
});

const manifestShape = z.object({
  tables: z.record(z.string(), z.unknown()),
  generation: z.union([z.string(), z.number()]).nullish(),
});

/** The manifest with every table that can be trusted; the others stand under `refused` with the reason and do no harm. */
export function parseManifest(answer: unknown, server: string): Manifest {
  const outer = manifestShape.safeParse(answer);
  if (!outer.success) {
    throw new AttacheError('server_error', {
      message: `${server} sent a manifest that cannot be understood: ${firstIssue(outer.error)}.`,
      hint: 'Check the address, and that server and client have versions that fit.',
    });
  }
  const manifest: Manifest = { tables: new Map(), refused: new Map(), generation: null };
  if (outer.data.generation != null) manifest.generation = String(outer.data.generation);
  // z.record would lose a table called __proto__, which the grammar allows.
  const { tables } = answer as { tables: Record<string, unknown> };
  for (const [id, entry] of Object.entries(tables)) {
    try {
      manifest.tables.set(id, parseTable(id, entry));
    } catch (thrown) {
      manifest.refused.set(id, toErrorRecord(thrown));
    }
  }
  return manifest;
}

function parseTable(id: string, entry: unknown): ManifestTable {
  checkIdentity(id, 'The server’s table id');
  const parsed = tableShape.safeParse(entry);
  if (!parsed.success) throw untrusted(id, firstIssue(parsed.error));
  const { hash, parts, ...facts } = parsed.data;
  const table: ManifestTable = {
    id,
    hash: hash ?? '',
    updated: facts.updated ?? null,
    rows: facts.rows ?? null,
    size_bytes: facts.size_bytes ?? 0,
    query_mode: facts.query_mode,
    source: facts.source ?? null,
    columns: facts.columns ?? [],
    parts: parts ?? [],
  };
  if (table.query_mode === 'local' && table.parts.length > 0) checkContent(table);
  return table;
}

function checkContent(table: ManifestTable): void {
  const expected = tableHash(table.parts);
  if (table.hash !== expected)
    throw untrusted(table.id, `its hash is ${table.hash || 'empty'}, but its parts give ${expected}`);
}

function untrusted(id: string, reason: string): AttacheError {
  return new AttacheError('integrity', {
    message: `The server describes ${id} in a way that cannot be trusted: ${reason}.`,
    hint: 'Nothing of this table was touched here. Tell an administrator.',
  });
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'unknown' : `${issue.path.join('.') || 'the document'}: ${issue.message}`;
}
