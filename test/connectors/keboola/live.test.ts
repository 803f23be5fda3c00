/** The same connector against a real project, when KEBOOLA_TEST_URL and KEBOOLA_TEST_TOKEN are set: reads, never writes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { askConnector, extractSource } from '../../../src/extract/extract-source.ts';
import { extractRequest, tableRequest } from '../../helpers/extract-request.ts';

const { KEBOOLA_TEST_URL: url, KEBOOLA_TEST_TOKEN: token } = process.env;

describe.skipIf(!url || !token)('a real project', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'da-keboola-live-'));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  const source = { name: 'live', type: 'keboola', settings: { url, token_env: 'KEBOOLA_TEST_TOKEN' } };
  const request = (tables: Parameters<typeof extractRequest>[2] = []) =>
    extractRequest(directory, source, tables, { secrets: { KEBOOLA_TEST_TOKEN: token ?? '' } });

  test('proves its token, and refuses another one', async () => {
    expect((await askConnector(request(), { kind: 'check' })).facts.project_id).toMatch(/^\d+$/);
    const wrong = { ...request(), secrets: { KEBOOLA_TEST_TOKEN: `${token}x` } };
    await expect(askConnector(wrong, { kind: 'check' })).rejects.toMatchObject({ code: 'source_auth' });
  });

  test('its small tables arrive with as many rows as they say, and are unchanged right after', async () => {
    const offered = await askConnector(request(), { kind: 'discover' });
    const small = offered
      .filter(({ rows, kind }) => rows !== null && rows <= 100_000 && /^(typed )?table$/.test(kind))
      .slice(0, 5);
    expect(small.length).toBeGreaterThan(0);
    const tables = small.map(({ bucket, source_table, primary_key }, index) =>
      tableRequest(`t${index}`, { bucket, source_table, primary_key }),
    );
    const first = await extractSource(request(tables));
    expect(first.tables.map(({ status, rows, error }) => ({ status, rows, error }))).toEqual(
      small.map(({ rows }) => ({ status: 'succeeded', rows, error: null })),
    );
    const second = await extractSource(request(tables));
    expect(second.tables.map(({ status }) => status)).toEqual(small.map(() => 'unchanged'));
  }, 600_000);
});
