import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigFlags, loadConfig } from '../../src/config/load.ts';
import { namedSecrets } from '../../src/config/source-settings.ts';
import type { Environment } from '../../src/environment/environment.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'da-config-'));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

async function load(
  yaml: string | null,
  { flags = {}, environment = {} }: { flags?: ConfigFlags; environment?: Environment } = {},
) {
  if (yaml !== null) await writeFile(join(cwd, 'instance.yaml'), yaml);
  return loadConfig({ flags, environment, cwd });
}

test('without a file, environment or flags the defaults hold', async () => {
  const config = await load(null);
  expect(config.server).toEqual({ host: '127.0.0.1', port: 8080, publicUrl: null });
  expect(config.dataDirectory).toBe(join(cwd, 'data'));
  expect(config.scheduler.intervalMs).toBe(15 * 60_000);
  expect(config.sources.size).toBe(0);
});

test('flags beat the environment, the environment beats the file, and each value knows where it came from', async () => {
  const yaml = 'server: { host: 0.0.0.0, port: 1 }\ninstance:\n  name: Acme\n';
  const config = await load(yaml, { flags: { port: '3' }, environment: { DA_PORT: '2', DA_HOST: 'localhost' } });
  expect(config.server).toMatchObject({ host: 'localhost', port: 3 });
  expect(config.instance.name).toBe('Acme');
  expect(config.origins.get('server.port')).toBe('flag --port');
  expect(config.origins.get('server.host')).toBe('environment DA_HOST');
  expect(config.origins.get('instance.name')).toBe('file instance.yaml:3');
});

test('the original form is the general form of one source', async () => {
  const config = await load('data_source: duckdb\nduckdb:\n  path: ./a.duckdb\n');
  expect([...config.sources.values()]).toEqual([
    { name: 'duckdb', type: 'duckdb', settings: { path: join(cwd, 'a.duckdb') }, schedule: null },
  ]);
});

test('every fault is told at once, each with its line and what was expected', async () => {
  const yaml = [
    'server:',
    '  port: seventy',
    '  hots: 127.0.0.1',
    'scheduler: { interval: sometimes }',
    'sources:',
    '  shop: { type: duckdb, path: ./a.duckdb, pfad: x }',
    '  Bad-Name: { type: duckdb, path: ./a.duckdb }',
    '  lost: { type: duckbd }',
    '  bare: { type: duckdb }',
  ].join('\n');
  const error = await load(yaml).then(
    () => null,
    (thrown: Error & { faults: { pointer: string; message: string }[] }) => thrown,
  );
  const lines = error!.faults.map((fault) => `${fault.pointer} ${fault.message}`).join('\n');
  for (const expected of [
    /yaml:2 .*server\.port.*8080/,
    /yaml:3 .*hots/,
    /yaml:4 .*15m/,
    /yaml:6 .*pfad/,
    /yaml:7 .*Bad-Name/,
    /yaml:8 .*duckbd/,
    /yaml:9 .*path/,
  ])
    expect(lines).toMatch(expected);
});

test('a broken file is told by line, a missing one by path', async () => {
  await expect(load('a: [1\nb: }')).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('instance.yaml:2'),
  });
  await expect(load(null, { flags: { config: 'nowhere.yaml' } })).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('nowhere.yaml'),
  });
});

test('only the environment variables that a source names reach it', () => {
  const source = { name: 'crm', type: 'postgres', settings: { url_env: 'CRM_URL', other: 'PATH' }, schedule: null };
  expect(namedSecrets(source, { CRM_URL: 'postgres://x', PATH: '/bin', OTHER: 'y' })).toEqual({
    CRM_URL: 'postgres://x',
  });
});
