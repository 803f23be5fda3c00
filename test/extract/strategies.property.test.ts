import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TableRequest } from '../../src/connectors/connector.ts';
import { extractSource } from '../../src/extract/extract-source.ts';
import { tableRequest } from '../helpers/extract-request.ts';
import { Warehouse } from '../helpers/warehouse.ts';

/** What may happen to a source between two syncs, each with a number that decides where. */
type Step = { kind: 'insert' | 'update' | 'delete' | 'late' | 'rewrite' | 'column' | 'sync' | 'crash'; seed: number };

const kinds = [
  'insert',
  'insert',
  'update',
  'update',
  'delete',
  'late',
  'rewrite',
  'column',
  'sync',
  'sync',
  'crash',
] as const;
const history = fc.array(fc.record({ kind: fc.constantFrom(...kinds), seed: fc.nat(1000) }), {
  minLength: 6,
  maxLength: 16,
});

const crashPoints = [
  'part.before-sync',
  'part.before-rename',
  'part.after-rename',
  'catalogue.before-write',
  'catalogue.after-write',
  'catalogue.before-rename',
  'catalogue.after-rename',
];

/** A source whose clock moves a minute with every step. */
class History {
  private readonly shop: Warehouse;
  private readonly table: TableRequest;
  private minute = 0;
  private nextId = 0;
  private columns = 0;

  constructor(shop: Warehouse, table: TableRequest) {
    this.shop = shop;
    this.table = table;
  }

  async start(): Promise<void> {
    await this.shop.run('CREATE TABLE t (id BIGINT, v VARCHAR, changed TIMESTAMP NOT NULL)');
    await this.insert(200);
  }

  private at(minutesAgo = 0): string {
    return `TIMESTAMP '2024-01-01 00:00:00.000001' + INTERVAL (${this.minute - minutesAgo}) MINUTE`;
  }

  private async insert(count: number, minutesAgo = 0): Promise<void> {
    const first = this.nextId;
    this.nextId += count;
    await this.shop.run(
      `INSERT INTO t (id, v, changed) SELECT i, 'v' || i, ${this.at(minutesAgo)} FROM range(${first}, ${this.nextId}) r(i)`,
    );
  }

  async apply({ kind, seed }: Step): Promise<void> {
    this.minute += 1;
    switch (kind) {
      case 'insert':
        return this.insert(1 + (seed % 50));
      case 'update':
        return this.shop.run(`UPDATE t SET v = 'u${seed}', changed = ${this.at()} WHERE id % 17 = ${seed % 17}`);
      case 'delete':
        return this.shop.run(`DELETE FROM t WHERE id % 29 = ${seed % 29}`);
      case 'late':
        return this.insert(1, 3 + (seed % 5));
      case 'rewrite':
        return this.shop.run('CREATE OR REPLACE TABLE t AS SELECT * FROM t ORDER BY hash(id)');
      case 'column':
        this.columns += 1;
        return this.shop.run(`ALTER TABLE t ADD COLUMN extra${this.columns} ${seed % 2 === 0 ? 'INTEGER' : 'VARCHAR'}`);
      case 'sync':
        expect(await this.shop.sync(this.table)).toMatchObject({ error: null });
        return;
      case 'crash':
        return this.crash(crashPoints[seed % crashPoints.length] as string);
    }
  }

  /** A run that is killed while it publishes; the next one must find good ground. */
  private async crash(point: string): Promise<void> {
    process.env.DA_TEST_CRASH_POINT = point;
    try {
      await extractSource(this.shop.request([this.table])).catch((thrown: { code: string }) =>
        expect(thrown.code).toBe('child_failed'),
      );
    } finally {
      delete process.env.DA_TEST_CRASH_POINT;
    }
  }
}

const strategies: Record<string, TableRequest> = {
  'full refresh': tableRequest('t', { primary_key: ['id'] }),
  'incremental by merge': tableRequest('t', {
    primary_key: ['id'],
    sync_strategy: 'incremental',
    options: { cursor: 'changed' },
  }),
  'incremental with deletions': tableRequest('t', {
    primary_key: ['id'],
    sync_strategy: 'incremental',
    options: { cursor: 'changed', detect_deletes: true },
  }),
  'incremental by append': tableRequest('t', {
    sync_strategy: 'incremental',
    options: { cursor: 'changed', mode: 'append' },
  }),
  'partitioned by day': tableRequest('t', {
    primary_key: ['id'],
    sync_strategy: 'partitioned',
    options: { partition_by: 'changed', granularity: 'day' },
  }),
  'partitioned by hash': tableRequest('t', {
    primary_key: ['id'],
    sync_strategy: 'partitioned',
    options: { granularity: 'hash' },
  }),
};

describe.each(Object.entries(strategies))('%s', (_name, table) => {
  test('after any history of changes, crashes and retries the table equals the source', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const shop = await Warehouse.create();
        try {
          const past = new History(shop, table);
          await past.start();
          for (const step of steps) await past.apply(step as Step);
          expect(await shop.sync(table)).toMatchObject({ error: null });
          expect(await shop.difference('t')).toEqual([]);
          if (table.primary_key.length > 0) {
            expect(await shop.query('SELECT count(*)::INT - count(DISTINCT id)::INT AS twice FROM t')).toEqual([
              { twice: 0 },
            ]);
          }
        } finally {
          await shop.remove();
        }
      }),
      { numRuns: Number(process.env.DA_TEST_RUNS ?? 3) },
    );
  });
});
