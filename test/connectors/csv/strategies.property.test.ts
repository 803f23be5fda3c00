/** The strategies over a folder of files: whatever came, changed and went, after each sync the table is what the files say, worked out here by other means. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { runExtract } from '../../../src/extract/run-extract.ts';
import { dieAt } from '../../extract/histories/die-at.ts';
import { extractRequest } from '../../helpers/extract-request.ts';
import { Inbox } from './inbox.ts';

interface Row {
  id: number;
  name: string;
  changed: string | null;
  extra: string | null;
}

/** What happens to the folder; `seed` says to which file and with which rows. */
interface Step {
  kind: 'new' | 'change' | 'grow' | 'remove' | 'again' | 'shuffle' | 'column' | 'sync' | 'crash' | 'full';
  seed: number;
}

const kinds: Step['kind'][] = [
  'new',
  'new',
  'change',
  'grow',
  'remove',
  'again',
  'shuffle',
  'column',
  'sync',
  'sync',
  'sync',
  'crash',
  'full',
];
const histories = fc.array(fc.record({ kind: fc.constantFrom(...kinds), seed: fc.nat(1000) }), {
  minLength: 5,
  maxLength: 14,
});
const everything: Step[] = [
  ...[
    'new',
    'new',
    'new',
    'sync',
    'new',
    'sync',
    'grow',
    'sync',
    'change',
    'sync',
    'remove',
    'sync',
    'again',
    'sync',
    'shuffle',
  ],
  ...['sync', 'new', 'crash', 'new', 'sync', 'column', 'sync', 'new', 'change', 'crash', 'full', 'remove'],
].map((kind, index) => ({ kind: kind as Step['kind'], seed: index * 13 }));
const runs = Number(process.env.DA_TEST_RUNS ?? 1);
const points = [
  'part.before-rename',
  'part.after-rename',
  'catalogue.before-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
];

const text = (row: Row) => [row.id, row.name, row.changed, row.extra].map((value) => value ?? 'NULL').join('|');

/** A folder whose content is known row by row. */
class Folder {
  readonly files = new Map<string, { rows: Row[]; columns: (keyof Row)[] }>();
  readonly inbox: Inbox;
  private readonly table: TableRequest;
  private readonly tally: Record<string, number>;
  private age = 3_600_000;

  constructor(inbox: Inbox, table: TableRequest, tally: Record<string, number>) {
    this.inbox = inbox;
    this.table = table;
    this.tally = tally;
  }

  get names(): string[] {
    return [...this.files.keys()].sort();
  }

  rows(seed: number): Row[] {
    return Array.from({ length: 1 + (seed % 40) }, (_, index) => ({
      id: (seed * 7 + index * 3) % 60,
      name: `n${seed}-${index}`,
      changed: (seed + index) % 11 === 0 ? null : `2024-01-${String(1 + ((seed + index * 5) % 9)).padStart(2, '0')}`,
      extra: null,
    }));
  }

  async put(
    name: string,
    rows: Row[],
    columns: (keyof Row)[] = this.files.get(name)?.columns ?? ['id', 'name', 'changed'],
  ) {
    this.files.set(name, { rows, columns });
    // Each delivery is older than two seconds and newer than the one before.
    this.age -= 10_000;
    const lines = rows.map((row) => columns.map((column) => row[column] ?? '').join(','));
    await this.inbox.write(name, `${[columns.join(','), ...lines].join('\n')}\n`, this.age);
  }

  async apply({ kind, seed }: Step): Promise<void> {
    const name = this.names[seed % this.files.size] as string;
    const file = this.files.get(name)!;
    switch (kind) {
      case 'new':
        // Between the others as well as behind them.
        return this.put(
          `f${String(seed % 2 === 0 ? seed % 100 : 100 + this.files.size).padStart(3, '0')}.csv`,
          this.rows(seed),
        );
      case 'change':
        return this.put(name, this.rows(seed + 1));
      case 'grow':
        return this.put(name, [...file.rows, ...this.rows(seed + 2)]);
      case 'again':
        return this.put(name, file.rows);
      case 'shuffle':
        return this.put(name, file.rows, [...file.columns].reverse());
      case 'column':
        return this.put(
          name,
          file.rows.map((row, index) => ({ ...row, extra: `x${seed + index}` })),
          ['extra', 'id', 'changed', 'name'],
        );
      case 'remove':
        if (this.files.size < 3) return;
        this.files.delete(name);
        return rm(join(this.inbox.path, name));
      case 'crash': {
        const point = points[seed % points.length] as string;
        if (await dieAt(point, () => this.inbox.runApart([this.table]))) this.count('killed');
        return;
      }
      case 'sync':
      case 'full':
        return this.sync(kind === 'full');
    }
  }

  private count(what: string, by = 1): void {
    this.tally[what] = (this.tally[what] ?? 0) + by;
  }

  async sync(full = false): Promise<void> {
    const request = extractRequest(this.inbox.directory, this.inbox.source(), [this.table], full ? { full } : {});
    const report = await runExtract(request, { signal: new AbortController().signal, onEvent: () => {} });
    const [result] = report.tables;
    if (result?.error?.code === 'source_missing' && !full) {
      // Most of the files went at once: that is refused, unless somebody says that it is meant.
      this.count('refused');
      return this.sync(true);
    }
    expect(result).toMatchObject({ error: null });
    const columns = await this.inbox.query<{ column_name: string }>('DESCRIBE t');
    const extra = columns.some((column) => column.column_name === 'extra') ? 'extra' : 'NULL';
    const ours = await this.inbox.query<{ row: string }>(
      `SELECT concat_ws('|', id, name, coalesce(changed::VARCHAR, 'NULL'), coalesce(${extra}, 'NULL')) AS row FROM t`,
    );
    expect(ours.map(({ row }) => row).sort()).toEqual(this.expected().map(text).sort());
    this.count('compared', ours.length);
    if (result?.status === 'succeeded') this.count(report.notes.length === 0 ? 'deltas' : 'wholes');
  }

  /** All rows in the order of the files, and of each key the one that wins. */
  private expected(): Row[] {
    const all = this.names.flatMap((name) => this.files.get(name)!.rows);
    if (this.table.primary_key.length === 0 || this.table.sync_strategy !== 'incremental') return all;
    const { cursor } = this.table.options;
    const best = new Map<number, Row>();
    for (const row of all) {
      const known = best.get(row.id);
      const wins = known === undefined || cursor === undefined || (row.changed ?? '') >= (known.changed ?? '');
      if (wins) best.set(row.id, row);
    }
    return [...best.values()];
  }
}

const incremental = { sync_strategy: 'incremental' as const };
const strategies: Record<string, [Partial<TableRequest>, Record<string, unknown>]> = {
  'full refresh': [{}, {}],
  'incremental by append': [incremental, { mode: 'append' }],
  'incremental by merge': [{ ...incremental, primary_key: ['id'] }, { cursor: 'changed' }],
  'incremental by merge without a cursor': [{ ...incremental, primary_key: ['id'] }, { mode: 'merge' }],
  'partitioned by day': [{ sync_strategy: 'partitioned' }, { partition_by: 'changed', granularity: 'day' }],
  'partitioned by hash': [{ sync_strategy: 'partitioned' }, { partition_by: 'id', granularity: 'hash' }],
};

describe.each(Object.entries(strategies))('%s', (name, [facts, options]) => {
  test('after any history of files, crashes and retries the table is what the files say', {
    timeout: 240_000 + runs * 60_000,
  }, async () => {
    const tally: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(histories, async (steps) => {
        const inbox = await Inbox.create();
        try {
          const types = { id: 'BIGINT', name: 'VARCHAR', changed: 'DATE' };
          await inbox.write('f000.csv', 'id,name,changed\n');
          const table = await inbox.register('t', '*.csv', { types, ...options }, facts);
          const folder = new Folder(inbox, table, tally);
          await folder.put('f050.csv', folder.rows(3));
          await folder.put('f000.csv', folder.rows(5));
          for (const step of steps) await folder.apply(step);
          await folder.sync();
        } finally {
          await inbox.remove();
        }
      }),
      { numRuns: runs + 1, examples: [[everything]] },
    );
    expect(tally.compared).toBeGreaterThan(500);
    expect(tally.killed).toBeGreaterThan(0);
    expect(tally.deltas).toBeGreaterThan(0);
    if (name.includes('merge')) expect(tally.wholes).toBeGreaterThan(0);
  });
});
