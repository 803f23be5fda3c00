import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { da, type Finished, finish, startDa } from '../helpers/run-da.ts';

let root: string;
let data: string;
let config: string;
let workspace: string;
let server: { child: ChildProcessWithoutNullStreams; ended: Promise<Finished>; url: string; token: string };

const json = (finished: Finished) => JSON.parse(finished.stdout);
const admin = (...args: string[]) => da(args, { env: { DA_SERVER: server.url, DA_TOKEN: server.token } });

beforeAll(async () => {
  // A folder may be called anything: nothing of it is a pattern, a partition or the end of a text.
  root = await mkdtemp(join(tmpdir(), "da-end [2a]* it's=x "));
  data = join(root, 'data');
  config = join(root, 'instance.yaml');
  workspace = join(root, 'workspace');
  await mkdir(join(root, 'inbox'));
  await writeFile(join(root, 'inbox', 'fruit.csv'), 'id,name,price\n1,apple,1.50\n2,pear,2.25\n');
  await writeFile(config, 'sources:\n  files: { type: csv, path: ./inbox }\nscheduler: { interval: "off" }\n');
  server = await serve();
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.ended;
  await rm(root, { recursive: true, force: true });
});

async function serve(): Promise<typeof server> {
  const child = startDa(['serve', '--data-dir', data, '--config', config, '--host', '127.0.0.1', '--port', '0']);
  const ended = finish(child);
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text) => resolve(String(text)));
    void ended.then(({ stderr }) => reject(new Error(`da serve ended: ${stderr}`)));
  });
  expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/);
  const token = (await readFile(join(data, 'admin-token'), 'utf8')).trim();
  return { child, ended, url: line.slice('listening on '.length).trim(), token };
}

describe('the command line against a real server', () => {
  it('registers a table, syncs it, and brings it to an analyst who asks SQL', async () => {
    expect(json(await admin('admin', 'sources', 'list', '--json')).sources).toMatchObject([
      { name: 'files', type: 'csv' },
    ]);
    expect((await admin('admin', 'sources', 'check', 'files')).code).toBe(0);
    const offered = json(await admin('admin', 'sources', 'discover', 'files', '--json'));
    expect(offered.tables).toMatchObject([{ source_table: 'fruit.csv', registered_as: [] }]);
    const added = await admin(
      'admin',
      'registry',
      'add',
      'Fruit',
      '--source',
      'files',
      '--source-table',
      'fruit.csv',
      '--primary-key',
      'id',
      '--json',
    );
    expect(json(added)).toMatchObject({ id: 'fruit', primary_key: ['id'], status: 'pending' });
    expect(
      (await admin('admin', 'registry', 'add', 'Fruit', '--source', 'files', '--source-table', 'fruit.csv')).code,
    ).toBe(6);
    const synced = await admin('admin', 'sync', '--json');
    expect([synced.code, json(synced)]).toMatchObject([0, { status: 'succeeded', tables: [{ id: 'fruit', rows: 2 }] }]);
    expect(json(await admin('admin', 'jobs', 'list', '--json')).jobs).toHaveLength(1);
    expect((await admin('admin', 'jobs', 'show', json(synced).id)).stdout).toContain('fruit');

    expect(json(await admin('sync', '--workspace', workspace, '--json'))).toMatchObject({
      downloaded: [{ table: 'fruit', rows: 2 }],
    });
    expect(json(await admin('sync', '--workspace', workspace, '--json'))).toMatchObject({
      unchanged: ['fruit'],
      bytes: 0,
    });
    const answer = await da([
      'query',
      '--workspace',
      workspace,
      '--output',
      'json',
      'SELECT id, name FROM fruit ORDER BY id',
    ]);
    expect(json(answer)).toEqual([
      { id: 1, name: 'apple' },
      { id: 2, name: 'pear' },
    ]);
  });

  it('changes and shows a registered table', async () => {
    await admin('admin', 'registry', 'set', 'fruit', '--description', 'What we sell');
    expect(json(await admin('admin', 'registry', 'show', 'fruit', '--json')).description).toBe('What we sell');
    await admin('admin', 'registry', 'set', 'fruit', '--clear', 'description');
    expect(json(await admin('admin', 'registry', 'show', 'fruit', '--json')).description).toBeNull();
    expect((await admin('admin', 'registry', 'show', 'nothing')).code).toBe(5);
  });

  it('keeps a login in a private file, taken from stdin, that the environment beats', async () => {
    const home = join(root, 'home');
    const env = { XDG_CONFIG_HOME: home };
    expect((await da(['login', server.url], { env, stdin: 'da_wrong\n' })).code).toBe(4);
    const { code, stdout, stderr } = await da(['login', server.url], { env, stdin: `${server.token}\n` });
    expect([code, `${stdout}${stderr}`.includes(server.token)]).toEqual([0, false]);
    const file = join(home, 'data-attache', 'credentials.json');
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await da(['admin', 'registry', 'list'], { env })).code).toBe(0);
    expect((await da(['admin', 'registry', 'list'], { env: { ...env, DA_TOKEN: 'da_wrong' } })).code).toBe(4);
  });

  it('refuses rebuild and extract while the server runs, with exit 6', async () => {
    for (const args of [['rebuild'], ['extract', 'files']]) {
      const refused = await da([...args, '--data-dir', data, '--config', config, '--json']);
      expect([refused.code, json(refused).errors[0].code]).toEqual([6, 'server_running']);
    }
  });

  it('works on the data folder once the server has stopped: extract, rebuild, contract check', async () => {
    server.child.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
    const folder = ['--data-dir', data, '--config', config];
    await writeFile(join(root, 'inbox', 'fruit.csv'), 'id,name,price\n1,apple,1.50\n2,pear,2.25\n3,fig,4.00\n');
    // A file that was written a moment ago may still be growing, so the source would wait.
    await utimes(join(root, 'inbox', 'fruit.csv'), new Date(), new Date(Date.now() - 60_000));
    const extracted = await da(['extract', 'files', ...folder, '--json']);
    expect([extracted.code, json(extracted).tables]).toMatchObject([
      0,
      [{ id: 'fruit', status: 'succeeded', rows: 3 }],
    ]);
    const listed = await da(['extract', 'files', ...folder, '--tables', '-', '--json'], {
      stdin: '- {name: Fruit again, source_table: fruit.csv}',
    });
    expect(json(listed).tables).toMatchObject([{ id: 'fruit_again', rows: 3 }]);
    expect((await da(['extract', 'fils', ...folder])).stderr).toContain('Did you mean files?');
    const rebuilt = await da(['rebuild', ...folder, '--json']);
    expect([rebuilt.code, json(rebuilt)]).toEqual([
      0,
      {
        live: [
          { source: 'files', table: 'fruit', rows: 3 },
          { source: 'files', table: 'fruit_again', rows: 3 },
        ],
        stale: [],
        problems: [],
      },
    ]);
    const extract = join(data, 'extracts', 'files');
    expect(await da(['contract', 'check', extract, '--json'])).toMatchObject({ code: 0 });
    expect(await da(['contract', 'check', root, '--json'])).toMatchObject({ code: 7 });
    server = await serve();
    expect(json(await admin('sync', '-w', workspace, '--json')).downloaded).toMatchObject([
      { table: 'fruit', rows: 3 },
      { table: 'fruit_again' },
    ]);
  });

  it('unregisters a table, which then leaves the analyst too', async () => {
    expect((await admin('admin', 'registry', 'remove', 'fruit')).code).toBe(0);
    expect(json(await admin('sync', '-w', workspace, '--json')).removed).toEqual(['fruit']);
  });

  it('shows where each value of the configuration comes from', async () => {
    const shown = await da(['config', 'show', '--origin', '--config', config, '--json'], { env: { DA_PORT: '9999' } });
    expect(json(shown)).toMatchObject({
      values: { 'server.port': 9999, 'sources.files.type': 'csv' },
      origins: { 'server.port': 'environment DA_PORT', 'server.host': 'default' },
    });
  });
});
