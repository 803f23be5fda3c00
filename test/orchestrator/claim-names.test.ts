import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimNames } from '../../src/orchestrator/claim-names.ts';
import type { SavedSource, SavedTable } from '../../src/orchestrator/saved-catalogue.ts';
import {
  foreignMeta,
  orchestrator,
  publishTables,
  queryMaster,
  runPlain,
  temporaryFolder,
  writeForeign,
} from '../helpers/extracts.ts';

const table = {} as SavedTable;
const source = (tables: string[], failure: SavedSource['failure'] = null): SavedSource => ({
  ours: true,
  signature: 's',
  failure,
  problems: [],
  tables: Object.fromEntries(tables.map((name) => [name, table])),
});
const none = new Map<string, string>();

describe('the owner of a flat name', () => {
  it('is whoever the registry names, also while it has no such table yet', () => {
    const sources = { crm: source(['orders']), erp: source(['orders']) };
    expect(claimNames(sources, new Map([['orders', 'erp']]), new Map([['orders', 'crm']])).owners).toEqual({
      orders: 'erp',
    });
    const { owners, problems } = claimNames({ crm: source(['orders']) }, new Map([['orders', 'erp']]), none);
    expect(owners).toEqual({ orders: 'erp' });
    expect(problems.map((problem) => problem.source)).toEqual(['erp', 'crm']);
  });

  it('is the first claimer, and never the last one', () => {
    const sources = { aaa: source(['orders']), zzz: source(['orders']) };
    expect(claimNames(sources, none, new Map([['orders', 'zzz']])).owners).toEqual({ orders: 'zzz' });
  });

  it('stays the first claimer while that one cannot be read', () => {
    const sources = { crm: source([], { code: 'locked', message: '' }), erp: source(['orders']) };
    expect(claimNames(sources, none, new Map([['orders', 'crm']])).owners).toEqual({ orders: 'crm' });
  });

  it('passes on only when the claimer no longer lists the table or is gone', () => {
    expect(claimNames({ crm: source([]), erp: source(['orders']) }, none, new Map([['orders', 'crm']])).owners).toEqual(
      {
        orders: 'erp',
      },
    );
    expect(claimNames({ erp: source(['orders']) }, none, new Map([['orders', 'crm']])).owners).toEqual({
      orders: 'erp',
    });
  });

  it('is settled by name where several appear at once, and all of them are told', () => {
    const { owners, problems } = claimNames({ zzz: source(['orders']), aaa: source(['orders']) }, none, none);
    expect(owners).toEqual({ orders: 'aaa' });
    expect(problems).toEqual([
      {
        source: 'aaa',
        table: 'orders',
        code: 'name_taken',
        message: 'zzz also has a table orders; the name orders belongs to aaa.',
      },
      {
        source: 'zzz',
        table: 'orders',
        code: 'name_taken',
        message: 'The name orders belongs to aaa; this table is reachable as zzz.orders.',
      },
    ]);
  });
});

describe('two sources with a table of one name', () => {
  it('are both reachable, the loser by its source', async () => {
    await using data = await temporaryFolder();
    await publishTables(data.directory, 'zzz', { orders: "SELECT 'zzz' AS who" });
    const keeper = orchestrator(data.directory);
    await keeper.rebuild();
    await publishTables(data.directory, 'aaa', { orders: "SELECT 'aaa' AS who" });
    const report = await keeper.rebuild();
    expect(report.problems.map(({ source, code }) => [source, code])).toEqual([
      ['zzz', 'name_taken'],
      ['aaa', 'name_taken'],
    ]);
    const both = 'SELECT (FROM orders) AS flat, (FROM aaa.orders) AS loser, (FROM zzz.orders) AS owner';
    expect(await queryMaster(data.directory, both)).toEqual([{ flat: 'zzz', loser: 'aaa', owner: 'zzz' }]);
    expect(keeper.catalogue().tables.get('orders')?.source).toBe('zzz');
    expect([...(keeper.catalogue().sources.get('aaa')?.keys() ?? [])]).toEqual(['orders']);

    const registered = new Map([['orders', 'aaa']]);
    expect((await keeper.rebuild({ registered })).claims.get('orders')).toBe('aaa');
    expect(await queryMaster(data.directory, both)).toEqual([{ flat: 'aaa', loser: 'aaa', owner: 'zzz' }]);
  });

  it('do not swap names when the owner breaks, nor after a restart', async () => {
    await using data = await temporaryFolder();
    const folder = await writeForeign(data.directory, 'zzz', [
      foreignMeta,
      "CREATE TABLE orders AS SELECT 'zzz' AS who",
      "INSERT INTO _meta (table_name) VALUES ('orders')",
    ]);
    await orchestrator(data.directory).rebuild();
    await publishTables(data.directory, 'aaa', { orders: "SELECT 'aaa' AS who" });
    await runPlain(join(folder, 'extract.duckdb'), ['DROP TABLE _meta']);
    const report = await orchestrator(data.directory).rebuild();
    expect(report.stale).toMatchObject([{ source: 'zzz', table: 'orders' }]);
    expect(await queryMaster(data.directory, 'SELECT who FROM orders')).toEqual([{ who: 'zzz' }]);
  });
});
