import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableRequest } from '../../helpers/extract-request.ts';
import { startTestPostgres, type TestPostgres } from '../../helpers/postgres-server.ts';
import { type PostgresSource, postgresSource } from '../../helpers/postgres-source.ts';
import { createGoldenTables, goldens } from '../../helpers/postgres-types.ts';

let server: TestPostgres;
let source: PostgresSource;
let warnings: Map<string, string[]>;

beforeAll(async () => {
  server = await startTestPostgres();
  await createGoldenTables(server);
  source = await postgresSource({ url: server.url });
  const report = await source.extract(goldens.map((_, index) => tableRequest(`t${index}`, { primary_key: ['id'] })));
  const failed = report.tables.filter((table) => table.status !== 'succeeded');
  if (failed.length > 0)
    throw new Error(
      failed.map((table) => `${goldens[Number(table.id.slice(1))]?.declared}: ${table.error?.message}`).join('\n'),
    );
  warnings = new Map(report.tables.map((table) => [table.id, table.warnings]));
});

afterAll(async () => {
  await source?.remove();
  await server?.stop();
});

describe('each type arrives exactly', () => {
  it.for(
    goldens.map(
      (golden, index) =>
        [
          `${golden.declared} as ${golden.type}, e.g. ${JSON.stringify(golden.values.at(-1)?.[1])}`.slice(0, 90),
          index,
        ] as const,
    ),
  )('%s', async ([, index]) => {
    const { type, values, declared, warning } = goldens[index]!;
    const [column] = await source.query<{ column_type: string }>(
      `SELECT column_type FROM (DESCRIBE t${index}) WHERE column_name = 'v'`,
    );
    expect(column?.column_type).toBe(type);
    const rows = await source.query<{ v: string | null }>(`SELECT CAST(v AS VARCHAR) AS v FROM t${index} ORDER BY id`);
    expect(rows.map((row) => row.v)).toEqual([
      ...values.map(([, published]) => published),
      ...(declared === 'quantity' ? [] : [null]),
    ]);
    if (warning === undefined)
      expect(
        warnings
          .get(`t${index}`)
          ?.filter((each) => each.includes('kept as text') && !declared.startsWith('numeric(50')),
      ).toEqual([]);
    else expect(warnings.get(`t${index}`)?.join()).toContain(warning);
  });
});
