/** Every trap of reading people's files, run through the real child process in one extraction. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TableRequest } from '../../../src/connectors/table-request.ts';
import { identifier } from '../../../src/duckdb/quote.ts';
import type { TableResult } from '../../../src/extract/shapes.ts';
import { tableRequest } from '../../helpers/extract-request.ts';
import { Inbox } from './inbox.ts';
import { type Case, corpus } from './torture-corpus.ts';

let inbox: Inbox;
let runId = '';
const results = new Map<string, TableResult>();
const refusals = new Map<string, Error>();

const idOf = (index: number) => `case_${index}`;

beforeAll(async () => {
  inbox = await Inbox.create();
  const tables: TableRequest[] = [];
  for (const [index, one] of corpus.entries()) {
    const table = await register(idOf(index), one);
    if (table !== null) tables.push(table);
  }
  const report = await inbox.run(tables);
  runId = report.runId;
  for (const result of report.tables) results.set(result.id, result);
}, 300_000);

afterAll(() => inbox.remove());

/** Writes the files of a case, registers a table over them, and leaves what the run is to find. */
async function register(id: string, one: Case): Promise<TableRequest | null> {
  const name = one.name ?? 'f.csv';
  const files = typeof one.file === 'string' || Buffer.isBuffer(one.file) ? { [name]: one.file } : one.file;
  const write = async () => {
    for (const [file, content] of Object.entries(files)) await inbox.write(`${id}/${file}`, content);
  };
  if (one.registered === undefined) await write();
  else await inbox.write(`${id}/${name}`, one.registered);
  const table = tableRequest(id, { source_table: `${id}/${one.source_table ?? name}`, options: one.options ?? {} });
  try {
    const { options } = await inbox.settle(table);
    await write();
    return { ...table, options };
  } catch (thrown) {
    refusals.set(id, thrown as Error);
    return null;
  }
}

describe.each(corpus.map((one, index) => ({ ...one, id: idOf(index) })))('$title', (one) => {
  if (one.refused !== undefined) {
    test('is refused at registration with what was found', () => {
      expect(refusals.get(one.id)).toMatchObject({
        code: 'options_invalid',
        message: expect.stringMatching(one.refused!),
      });
    });
    return;
  }
  if (one.fails !== undefined) {
    test('fails the table and says why', () => {
      expect(refusals.get(one.id)).toBeUndefined();
      expect(results.get(one.id)).toMatchObject({
        status: 'failed',
        error: { code: one.fails![0], message: expect.stringMatching(one.fails![1]) },
      });
    });
    return;
  }
  test('comes out exactly', async () => {
    expect(refusals.get(one.id)).toBeUndefined();
    expect(results.get(one.id)?.error).toBeNull();
    const described = await inbox.query<{ column_name: string; column_type: string }>(`DESCRIBE ${identifier(one.id)}`);
    if (one.columns !== undefined) {
      expect(described.map((column) => `${column.column_name} ${column.column_type}`)).toEqual(one.columns);
    }
    const rows = await inbox.query(`FROM ${identifier(one.id)}`);
    expect(rows.map((row) => Object.values(row))).toEqual(orderedAs(described, rows, one.rows ?? []));
    const rejects = await inbox.rejects(runId, one.id);
    expect(rejects.map(({ line, reason }) => `${line}: ${reason}`)).toEqual(
      (one.rejects ?? []).map(([line, reason]) => expect.stringMatching(new RegExp(`^${line}: .*${reason.source}`))),
    );
    for (const [index, [, , raw]] of (one.rejects ?? []).entries()) {
      if (raw !== undefined) expect(rejects[index]?.raw).toBe(raw);
    }
    expect(results.get(one.id)?.rejected).toBe(one.rejects?.length ?? 0);
  });
});

/** A plain object puts keys that look like numbers first. */
function orderedAs(columns: { column_name: string }[], rows: object[], expected: unknown[][]): unknown[][] {
  const keys = Object.keys(rows[0] ?? {});
  return expected.map((row) => keys.map((key) => row[columns.findIndex((column) => column.column_name === key)]));
}

test('a link that leads out of the folder is refused', async () => {
  const { symlink } = await import('node:fs/promises');
  await inbox.write('inside/a.csv', 'id\n1\n');
  const outside = join(inbox.directory, 'outside.csv');
  await mkdir(dirname(outside), { recursive: true });
  await rm(outside, { force: true });
  const { writeFile } = await import('node:fs/promises');
  await writeFile(outside, 'secret\n1\n');
  await symlink(outside, join(inbox.path, 'inside/link.csv'));
  await expect(inbox.settle(tableRequest('t', { source_table: 'inside/link.csv' }))).rejects.toMatchObject({
    code: 'source_forbidden',
  });
  await expect(inbox.settle(tableRequest('t', { source_table: 'inside/*.csv' }))).rejects.toMatchObject({
    code: 'source_forbidden',
  });
  for (const path of ['../outside.csv', 'inside/../../outside.csv', outside]) {
    await expect(inbox.settle(tableRequest('t', { source_table: path }))).rejects.toMatchObject({
      code: 'options_invalid',
      message: expect.stringContaining('leads out of the folder'),
    });
  }
});
