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

/** One line for each fault: its place and what is wrong. */
async function faultsOf(yaml: string, given?: Parameters<typeof load>[1]): Promise<string> {
  const error = await load(yaml, given).then(
    () => null,
    (thrown: Error & { faults: { pointer: string; message: string }[] }) => thrown,
  );
  return (error?.faults ?? []).map((fault) => `${fault.pointer} ${fault.message}`).join('\n');
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
  const lines = await faultsOf(yaml);
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
    faults: expect.arrayContaining([expect.objectContaining({ pointer: 'instance.yaml:2' })]),
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

test.each([
  ['no settings at all', 'data_source: keboola\n', /^instance\.yaml:1 sources\.keboola\.url: missing: .*https:/],
  ['settings that are no keys', 'data_source: csv\ncsv: inbox\n', /^instance\.yaml:2 csv: expected the settings/],
  ['a type that is no text', 'data_source: 5\n', /^instance\.yaml:1 data_source: expected the type/],
  ['no type', 'data_source:\n', /^instance\.yaml:1 data_source: expected the type/],
  ['a name every object knows', 'data_source: toString\n', /^instance\.yaml:1 sources\.toString: the source name/],
  ['sources that are no keys', 'data_source: csv\ncsv: {path: .}\nsources: x\n', /^instance\.yaml:3 sources: expected/],
  [
    'the same source twice',
    'data_source: csv\ncsv: {path: .}\nsources:\n  csv: {type: duckdb, path: ./a}\n',
    /^instance\.yaml:1 data_source: the source csv is configured here and under sources/,
  ],
])('the original form with %s is refused with its line', async (_, yaml, expected) => {
  expect(await faultsOf(yaml)).toMatch(expected);
});

test('a section whose keys are all commented out says nothing', async () => {
  const config = await load('sources:\n#  crm: { type: postgres, url_env: CRM_URL }\nserver:\n');
  expect(config.sources.size).toBe(0);
  expect(config.server.port).toBe(8080);
});

test('each fault stands alone: missing or wrong, its own line, and the likely spelling', async () => {
  const lines = await faultsOf(
    'server:\n  ports: 1\n  host: 7\n  nonsense: 1\nsources:\n  "A B": { type: csv, path: . }\n',
  );
  expect(lines.split('\n').toSorted()).toEqual([
    'instance.yaml:2 server.ports: unknown key ports; did you mean port?',
    'instance.yaml:3 server.host: expected string, received number',
    'instance.yaml:4 server.nonsense: unknown key nonsense; known are host, port, public_url',
    expect.stringMatching(/^instance\.yaml:6 sources\.A B: .*must start with a lower-case letter/),
  ]);
});

test.each([
  ['a port that is empty', 'server: { port: }', /server\.port: expected a port number/],
  ['a port that is true', 'server: { port: true }', /server\.port: expected a port number/],
  [
    'a time limit that ends every run',
    'limits: { extract_time: 0s }',
    /extract_time: expected a duration from 1s to 24d/,
  ],
  ['a time limit no timer holds', 'limits: { extract_time: 30d }', /extract_time: expected a duration from 1s to 24d/],
  ['an interval without a pause', 'scheduler: { interval: 0s }', /interval: expected a duration from 1s to 24d/],
  ['memory that starts nothing', 'duckdb: { memory_limit: 1MB }', /memory_limit: expected at least 100MB/],
])('%s is refused', async (_, yaml, expected) => {
  expect(await faultsOf(yaml)).toMatch(expected);
});

test('numbers from flags and environment are text, and anything but digits is refused there', async () => {
  expect((await load('', { environment: { DA_THREADS: '3' } })).duckdb.threads).toBe(3);
  expect(await faultsOf('', { environment: { DA_THREADS: '1.5' } })).toMatch(/^environment DA_THREADS duckdb\.threads/);
  expect(await faultsOf('', { flags: { port: '-1' } })).toMatch(/^flag --port server\.port/);
});

test('a folder as configuration, aliases without end and several documents are told, not crashed on', async () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
  ];
  await expect(load(bomb.join('\n'))).rejects.toMatchObject({ code: 'config_invalid' });
  expect(await faultsOf('server: {}\n---\nserver: {}\n')).toMatch(/^instance\.yaml:2 a second document/);
  await expect(load(null, { flags: { config: '.' } })).rejects.toMatchObject({ code: 'config_invalid' });
});

test('two sources that push may not fill the same tables', async () => {
  const yaml = [
    'sources:',
    '  jira: { type: jira, url: "https://acme.atlassian.net", secret_env: S }',
    '  other: { type: jira, url: "https://other.atlassian.net", secret_env: S }',
    '  third: { type: jira, url: "https://third.atlassian.net", secret_env: S, prefix: third_ }',
    '  hook: { type: webhook, table: jira_issues, secret_env: S, key: [id], version: v, columns: { id: { path: id } } }',
  ].join('\n');
  expect(await faultsOf(yaml)).toBe(
    [
      'instance.yaml:3 sources.other: its table jira_projects and 15 more would be the table of the source jira too; give its tables other names, e.g. by prefix',
      'instance.yaml:5 sources.hook: its table jira_issues would be the table of the source jira too; give its tables other names, e.g. by prefix',
    ].join('\n'),
  );
});
