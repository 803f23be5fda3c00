/** What must be true of every connector, checked through the real runner; what crosses into its child process is checked in a real one. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectorTypes, loadConnector } from '../../src/connectors/catalogue.ts';
import type { Connector } from '../../src/connectors/connector.ts';
import { tableOptions } from '../../src/connectors/table-options.ts';
import type { TableRequest } from '../../src/connectors/table-request.ts';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { identityFault } from '../../src/contract/identity.ts';
import { readExtractCatalogue } from '../../src/contract/read.ts';
import { Database } from '../../src/duckdb/database.ts';
import { askConnector, extractSource } from '../../src/extract/extract-source.ts';
import type { ExtractReport } from '../../src/extract/shapes.ts';
import { askHere, extractHere } from './extract-here.ts';
import { extractRequest, tableRequest } from './extract-request.ts';

interface ShopRow {
  id: number;
  name: string | null;
}

/** A living source that the suite fills and breaks. */
interface LivingSource {
  settings: Record<string, unknown>;
  secrets?: Record<string, string>;
  /** Makes the table hold exactly these rows in the columns `id` (an integer) and `name` (text). Answers what a registration needs to name it. */
  put(table: string, rows: readonly ShopRow[]): Promise<Partial<TableRequest>>;
  /** Makes the whole source unreachable, and reachable again. */
  break(): Promise<void>;
  repair(): Promise<void>;
  stop(): Promise<void>;
}

export interface Subject {
  type: string;
  /** Starts a source in a folder of its own. */
  start(directory: string): Promise<LivingSource>;
}

const rows: ShopRow[] = [
  { id: 1, name: 'plain' },
  { id: 2, name: null },
  { id: 3, name: '' },
  { id: 4, name: "quote \" comma , semicolon ; tab \t 'apostrophe' back\\slash" },
  { id: 5, name: 'line\nend\r\nand carriage\rreturn' },
  { id: 6, name: 'žluťoučký 🐎 \u202e' },
  { id: 7, name: "'; DROP TABLE orders; --" },
  { id: 8, name: 'NULL' },
  { id: 9, name: '\\N' },
  { id: 10, name: ' blanks ' },
];

export function connectorSuite({ type, start }: Subject): void {
  describe(`the connector ${type}`, () => {
    let directory: string;
    let source: LivingSource;
    let connector: Connector;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), `da-suite-${type}-`));
      connector = await loadConnector(type);
      source = await start(directory);
    });

    afterEach(async () => {
      await source.stop();
      await rm(directory, { recursive: true, force: true });
    });

    const request = (tables: TableRequest[], data = 'data') =>
      extractRequest(join(directory, data), { name: 'shop', type, settings: source.settings }, tables, {
        secrets: source.secrets ?? {},
      });

    /** The table as registered, with everything settled. */
    async function register(id: string, facts: Partial<TableRequest>): Promise<TableRequest> {
      const table = tableRequest(id, facts);
      const settled = await askHere(request([]), { kind: 'settle', table });
      return { ...table, options: { ...table.options, ...settled.options } };
    }

    async function content(table: string, data = 'data'): Promise<ShopRow[]> {
      const database = join(directory, data, 'extracts/shop/extract.duckdb');
      const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(directory, 'spill') };
      await using opened = await Database.open(database, limits, { readOnly: true });
      return await (await opened.connect()).rows<ShopRow>(`SELECT id::INTEGER AS id, name FROM ${table} ORDER BY id`);
    }

    async function hashes(table: string, data = 'data'): Promise<string[]> {
      const limits = { memoryLimit: '300MB', threads: 1, tempDirectory: join(directory, 'spill') };
      const catalogue = await readExtractCatalogue(extractFolder(join(directory, data), 'shop'), limits);
      return (catalogue.tables.get(table)?.parts ?? []).map((part) => part.sha256);
    }

    const statuses = (report: ExtractReport) =>
      report.tables.map(({ id, status, rows: count }) => ({ id, status, rows: count }));

    test('is one record that says who it is and refuses settings it does not know', () => {
      expect(connectorTypes).toContain(type);
      expect(connector.type).toBe(type);
      expect(identityFault(type)).toBeNull();
      expect(connector.title).not.toBe('');
      expect(connector.summary).toMatch(/\.$/);
      expect([connector.attach, connector.read, connector.receive].filter(Boolean).length).toBeGreaterThan(0);
      expect(connector.settings.safeParse(source.settings).success).toBe(true);
      expect(connector.settings.safeParse({ ...source.settings, no_such_setting: 1 }).success).toBe(false);
      expect(connector.settings.safeParse({}).success).toBe(false);
      expect(connector.options.safeParse({ no_such_option: 1 }).success).toBe(false);
    });

    test('answers a check with one line for people, and with a coded error and a way out when the source is away', async () => {
      await source.put('orders', rows);
      const report = await askConnector(request([]), { kind: 'check' });
      expect(report.summary).toMatch(/^[^\n]+$/);
      await source.break();
      await expect(askConnector(request([]), { kind: 'check' })).rejects.toMatchObject({
        code: expect.stringMatching(/^(source_|locked)/),
        hint: expect.stringMatching(/\S/),
      });
      await source.repair();
      await expect(askConnector(request([]), { kind: 'check' })).resolves.toMatchObject({ summary: report.summary });
    });

    test('discovers its tables in a form that can be registered', async () => {
      const facts = await source.put('orders', rows);
      const tables = await askHere(request([]), { kind: 'discover' });
      const found = tables.find((table) => table.source_table === (facts.source_table ?? 'orders'));
      expect(found).toMatchObject({
        source_table: expect.any(String),
        kind: expect.any(String),
        primary_key: expect.any(Array),
      });
      expect(found!.name === null || identityFault(found!.name) === null).toBe(true);
      for (const table of tables)
        for (const column of table.columns ?? [])
          expect(column).toMatchObject({
            name: expect.any(String),
            source_type: expect.any(String),
            nullable: expect.any(Boolean),
          });
    });

    test('settles a registration into options it accepts, and settling them again changes nothing', async () => {
      const facts = await source.put('orders', rows);
      const once = await register('orders', facts);
      const accepted = tableOptions.extend(connector.options.shape).safeParse(once.options);
      expect(accepted.error?.issues ?? []).toEqual([]);
      expect((await register('orders', { ...facts, options: once.options })).options).toEqual(once.options);
    });

    test('brings every value exactly, and the same rows as the same bytes', async () => {
      const table = await register('orders', await source.put('orders', rows));
      expect(statuses(await extractSource(request([table])))).toEqual([
        { id: 'orders', status: 'succeeded', rows: rows.length },
      ]);
      expect(await content('orders')).toEqual(rows);
      await extractSource(request([table], 'again'));
      expect(await hashes('orders', 'again')).toEqual(await hashes('orders'));
    });

    test('finds an unchanged table unchanged, and a changed one changed', async () => {
      const table = await register('orders', await source.put('orders', rows));
      await extractHere(request([table]));
      const before = await hashes('orders');
      expect(statuses(await extractHere(request([table])))).toEqual([
        { id: 'orders', status: 'unchanged', rows: rows.length },
      ]);
      expect(await hashes('orders')).toEqual(before);
      const changed = [...rows.slice(1), { id: 11, name: 'new' }];
      await source.put('orders', changed);
      expect(statuses(await extractHere(request([table])))).toEqual([
        { id: 'orders', status: 'succeeded', rows: changed.length },
      ]);
      expect(await content('orders')).toEqual(changed);
    });

    test('makes a table without rows a table with all its columns', async () => {
      const facts = await source.put('orders', rows);
      const table = await register('orders', facts);
      await source.put('orders', []);
      expect(statuses(await extractHere(request([table])))).toEqual([{ id: 'orders', status: 'succeeded', rows: 0 }]);
      expect(await content('orders')).toEqual([]);
    });

    test('keeps the last good data when the source is away, with a coded error', async () => {
      const table = await register('orders', await source.put('orders', rows));
      await extractHere(request([table]));
      await source.break();
      const report = await extractHere(request([table]));
      expect(report.tables[0]).toMatchObject({
        status: 'failed',
        rows: rows.length,
        error: { code: expect.stringMatching(/^(source_|locked)/), hint: expect.stringMatching(/\S/) },
      });
      expect(await content('orders')).toEqual(rows);
      await source.repair();
      expect((await extractHere(request([table]))).tables[0]).toMatchObject({
        status: expect.stringMatching(/unchanged|succeeded/),
        rows: rows.length,
      });
    });

    test('lets a table that is missing fail alone', async () => {
      const good = await register('orders', await source.put('orders', rows));
      const missing = { ...good, id: 'missing', source_table: `missing_${good.source_table}` };
      const report = await extractHere(request([missing, good]));
      expect(report.tables[0]).toMatchObject({
        id: 'missing',
        status: 'failed',
        rows: null,
        error: { code: 'source_missing' },
      });
      expect(report.tables[1]).toMatchObject({ id: 'orders', status: 'succeeded', rows: rows.length });
    });

    test('reads a table with a hostile name', async () => {
      const table = await register('hostile', await source.put(`we"ird'; DROP TABLE x; -- [a]*`, rows));
      expect((await extractHere(request([table]))).tables[0]).toMatchObject({
        status: 'succeeded',
        rows: rows.length,
        error: null,
      });
      expect(await content('hostile')).toEqual(rows);
    });

    test('leaves nothing behind in the scratch folder', async () => {
      const table = await register('orders', await source.put('orders', rows));
      await extractHere(request([table]));
      const left = await readdir(join(extractFolder(join(directory, 'data'), 'shop').work, 'scratch')).catch(() => []);
      expect(left).toEqual([]);
    });

    test('a cancelled run says so and changes nothing', async () => {
      const table = await register('orders', await source.put('orders', rows));
      const stop = new AbortController();
      const running = extractSource(request([table]), {
        signal: stop.signal,
        onEvent: (event) => {
          if (event.kind === 'table_started') stop.abort();
        },
      });
      // A table so small may be through before it hears of it.
      const outcome = await running.then(
        (report) => report.tables[0]!.status,
        (thrown: { code: string }) => thrown.code,
      );
      expect(['cancelled', 'succeeded']).toContain(outcome);
    });
  });
}
