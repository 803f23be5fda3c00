import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaServerDouble } from '../doubles/da-server/server.ts';
import { parquet } from '../helpers/parquet.ts';
import { da, finish, main } from '../helpers/run-da.ts';

let root: string;
let workspace: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'da-cli-query-'));
  workspace = join(root, 'workspace');
  const table = {
    parts: [await parquet('SELECT range AS id FROM range(5000)')],
    columns: [{ name: 'id', type: 'BIGINT' }],
  };
  await using server = await DaServerDouble.start({ numbers: table });
  await da(['sync', '-w', workspace], { env: { DA_SERVER: server.url, DA_TOKEN: server.token } });
});

afterAll(() => rm(root, { recursive: true, force: true }));

const query = (sql: string, ...args: string[]) =>
  da(['query', '-w', workspace, ...args, sql], { env: { TZ: 'America/New_York' } });

describe('da query', () => {
  it('gives JSON in which no digit is lost', async () => {
    const { stdout, code } = await query(
      `SELECT 9007199254740993::BIGINT AS big, 42::BIGINT AS small, 0.1::DECIMAL(18,2) AS money, 1.5::DOUBLE AS real, NULL AS nothing,
        [9007199254740993, 1] AS list, {'a': 12345678901234567890::HUGEINT} AS inner, TIMESTAMPTZ '2026-01-31 12:00:00+02' AS instant,
        DATE '2026-01-31' AS day, 'x' AS text, true AS yes, 'nan'::DOUBLE AS odd`,
      '--output',
      'json',
    );
    expect(JSON.parse(stdout)).toEqual([
      {
        big: '9007199254740993',
        small: 42,
        money: '0.10',
        real: 1.5,
        nothing: null,
        list: ['9007199254740993', 1],
        inner: { a: '12345678901234567890' },
        instant: '2026-01-31 10:00:00+00',
        day: '2026-01-31',
        text: 'x',
        yes: true,
        odd: 'NaN',
      },
    ]);
    expect(code).toBe(0);
  });

  it('gives intervals as text in every form', async () => {
    const sql = "SELECT INTERVAL '1 month 2 days 3.5 seconds' AS span";
    expect(JSON.parse((await query(sql, '-o', 'json')).stdout)).toEqual([{ span: '1 month 2 days 00:00:03.5' }]);
    expect((await query(sql, '-o', 'csv')).stdout).toBe('span\n1 month 2 days 00:00:03.5\n');
  });

  it('says nothing on stdout for a statement that answers nothing', async () => {
    const made = await query('CREATE OR REPLACE VIEW silent AS SELECT 1 AS one', '--write');
    expect(made).toMatchObject({ code: 0, stdout: '' });
    const again = await query('CREATE OR REPLACE VIEW silent AS SELECT 1 AS one', '--write', '--json');
    expect(again).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it.runIf(process.platform === 'linux')('fails with a sentence when stdout cannot be written', async () => {
    const child = spawn('sh', [
      '-c',
      'exec "$0" "$@" > /dev/full',
      process.execPath,
      main,
      'query',
      '-w',
      workspace,
      'SELECT 1',
    ]);
    const { code, stderr } = await finish(child);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Standard output cannot be written: ENOSPC.*\n$/);
  });

  it('knows that a day can be infinitely far', async () => {
    const { stdout } = await query("SELECT DATE 'infinity' AS last, [DATE '-infinity'] AS first", '-o', 'json');
    expect(JSON.parse(stdout)).toEqual([{ last: 'infinity', first: ['-infinity'] }]);
  });

  it('runs several statements when only the last answers with rows, and drops no answer in silence', async () => {
    const asked = await query("SET TimeZone = 'Asia/Tokyo'; SELECT current_setting('TimeZone') AS zone", '-o', 'csv');
    expect([asked.code, asked.stdout]).toEqual([0, 'zone\nAsia/Tokyo\n']);
    const two = await query('SELECT 1; SELECT 2');
    expect([two.code, two.stdout]).toEqual([2, '']);
    expect(two.stderr).toContain('Statement 1 of 2 answers with rows');
    expect(await query(' ; ')).toMatchObject({ code: 2, stderr: 'error: The SQL holds no statement.\n' });
  });

  it('gives an empty array for no rows, and every row of a large result', async () => {
    expect((await query('SELECT * FROM numbers WHERE false', '--json')).stdout).toBe('[]\n');
    const rows = JSON.parse((await query('SELECT id FROM numbers ORDER BY id', '-o', 'json')).stdout);
    expect(rows).toHaveLength(5000);
    expect(rows[4999]).toEqual({ id: 4999 });
  });

  it('gives CSV that keeps NULL and empty text apart', async () => {
    const { stdout } = await query(`SELECT NULL AS a, '' AS b, 'x,"y"' AS c, 7 AS d`, '-o', 'csv');
    expect(stdout).toBe('a,b,c,d\n,"","x,""y""",7\n');
  });

  it('gives a table that shows a thousand rows and says that there are more', async () => {
    const { stdout, stderr } = await query('SELECT id FROM numbers ORDER BY id');
    expect(stdout.split('\n').slice(0, 3)).toEqual(
      ['  id', '----', '   0'].map((line) => line.replace('----', '---').replace(/^ /, '')),
    );
    expect(stdout.trim().split('\n')).toHaveLength(1002);
    expect(stderr).toContain('Only the first 1000 rows');
  });

  it('shows control characters in a table instead of obeying them', async () => {
    expect((await query("SELECT chr(27) || '[2J' AS evil")).stdout).toContain('\\u001b[2J');
  });

  it('reads only, unless told otherwise', async () => {
    const refused = await query('CREATE TABLE mine AS SELECT 1 AS one', '--json');
    expect(refused).toMatchObject({ code: 1 });
    expect(JSON.parse(refused.stdout).errors[0]).toMatchObject({
      code: 'query_failed',
      hint: expect.stringContaining('--write'),
    });
    expect((await query('CREATE TABLE mine AS SELECT 1 AS one', '--write')).code).toBe(0);
    expect(JSON.parse((await query('SELECT * FROM mine', '--json')).stdout)).toEqual([{ one: 1 }]);
  });

  it.each([
    ['SELECT * FROM nothing_here', '`da tables`'],
    ['SELECT nothing_here FROM numbers', '`da describe TABLE`'],
    ['SELECT nothing_here(id) FROM numbers', 'spelling'],
    ['SELEKT 1', 'DuckDB’s SQL'],
    ["SELECT CAST('x' AS INTEGER)", 'TRY_CAST'],
    ["SELECT error('no')", 'DuckDB’s own'],
  ])('that fails says what to do next: %s', async (sql, next) => {
    const { code, stdout } = await query(sql, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).errors[0]).toMatchObject({ code: 'query_failed', hint: expect.stringContaining(next) });
  });

  it('takes SQL that begins with a comment, wherever it stands', async () => {
    const sql = '-- how many\nSELECT 1 AS one';
    for (const args of [
      [sql, '-o', 'csv'],
      ['-o', 'csv', sql],
      ['--output=csv', '--', sql],
      ['-o', 'csv', '--a=1\nSELECT 1 AS one'],
    ]) {
      const { code, stdout, stderr } = await da(['query', '-w', workspace, ...args]);
      expect([code, stdout, stderr]).toEqual([0, 'one\n1\n', '']);
    }
    expect(await da(['query', '-w', workspace, '--limti', '5', sql])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--limit'),
    });
  });

  it('reads the SQL from stdin', async () => {
    const { stdout } = await da(['query', '-w', workspace, '--json', '-'], { stdin: 'SELECT 1 AS one\n' });
    expect(JSON.parse(stdout)).toEqual([{ one: 1 }]);
  });

  it('says what is wrong with a query on stderr, with nothing on stdout', async () => {
    const { code, stdout, stderr } = await query('SELECT * FROM nummbers');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Did you mean "numbers"');
  });

  it('answers several at once', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((one) => query(`SELECT count(*) + ${one} AS n FROM numbers`, '--json')),
    );
    expect(answers.map((answer) => JSON.parse(answer.stdout)[0].n)).toEqual([5001, 5002, 5003]);
  });

  it('tells what is there without a server: status, tables, describe', async () => {
    const status = JSON.parse((await da(['status', '-w', workspace, '--json'])).stdout);
    expect(status).toMatchObject({ failures: [], tables: [{ table: 'numbers', rows: 5000, failure: null }] });
    expect((await da(['tables', '-w', workspace])).stdout).toContain('5,000');
    const described = JSON.parse((await da(['describe', 'numbers', '-w', workspace, '--json'])).stdout);
    expect(described).toMatchObject({ columns: [{ name: 'id', type: 'BIGINT' }], parts: 1 });
    const mistyped = await da(['describe', 'nubmers', '-w', workspace]);
    expect(mistyped).toMatchObject({ code: 5, stderr: expect.stringContaining('Did you mean numbers?') });
  });

  it('says so where there is no workspace', async () => {
    expect(await da(['query', '-w', join(root, 'nowhere'), 'SELECT 1'])).toMatchObject({ code: 5, stdout: '' });
  });
});
