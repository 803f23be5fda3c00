import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DaServerDouble } from '../doubles/da-server/server.ts';
import { parquet } from '../helpers/parquet.ts';
import { da, finish, startDa } from '../helpers/run-da.ts';

type File = Awaited<ReturnType<typeof parquet>>;
let small: File;
let versions: File[];
let root: string;
let workspace: string;
let server: DaServerDouble;
let env: Record<string, string>;

beforeAll(async () => {
  small = await parquet('SELECT range AS id FROM range(100)');
  versions = await Promise.all(
    [1, 2].map((version) => parquet(`SELECT ${version} AS version, random() AS r FROM range(100000)`)),
  );
});

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'da-cli-sync-'));
  workspace = join(root, 'workspace');
  server = await DaServerDouble.start({ orders: { parts: [small] } });
  env = { DA_SERVER: server.url, DA_TOKEN: server.token };
});

afterEach(async () => {
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const rows = async (sql: string) => JSON.parse((await da(['query', '-w', workspace, '--json', sql])).stdout);

describe('da sync on the command line', () => {
  it('makes a workspace of a missing folder and prints one JSON document', async () => {
    const { code, stdout, stderr } = await da(['sync', '--workspace', workspace, '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      downloaded: [{ table: 'orders', rows: 100, bytes: small.bytes.length }],
      unchanged: [],
      removed: [],
      failed: [],
      bytes: small.bytes.length,
    });
    expect(stderr).toContain('1 fetched, 0 unchanged, 0 removed, 0 failed');
    expect(code).toBe(0);
    expect(await rows('SELECT count(*) AS n FROM orders')).toEqual([{ n: 100 }]);
  });

  it('finds the workspace around the current folder', async () => {
    await da(['sync', '-w', workspace], { env });
    const below = join(workspace, 'notebooks', 'deep');
    await mkdir(below, { recursive: true });
    expect(JSON.parse((await da(['sync', '--json'], { env, cwd: below })).stdout).unchanged).toEqual(['orders']);
  });

  it('refuses a folder with files in it that is no workspace, until init says it is one', async () => {
    await mkdir(workspace);
    await writeFile(join(workspace, 'thesis.txt'), 'mine');
    expect(await da(['sync', '-w', workspace], { env })).toMatchObject({ code: 2, stdout: '' });
    expect((await da(['init', workspace])).code).toBe(0);
    expect((await da(['sync', '-w', workspace], { env })).code).toBe(0);
  });

  it('exits 3 when some tables failed and 1 when all did, and says which', async () => {
    server.publish({ orders: { parts: [small] }, people: { parts: [small] } });
    server.fault = ({ table }) => (table === 'people' ? { kind: 'flip', at: 20 } : null);
    const partial = await da(['sync', '-w', workspace, '--json'], { env });
    expect(partial.code).toBe(3);
    expect(JSON.parse(partial.stdout).failed).toMatchObject([{ table: 'people', code: 'integrity' }]);
    server.publish({ people: { parts: [small] } });
    await rm(workspace, { recursive: true });
    expect((await da(['sync', '-w', workspace], { env })).code).toBe(1);
  });

  it('exits 8 when nobody answers, 4 with a wrong token, 4 with none, and always prints valid JSON', async () => {
    const wrong = await da(['sync', '-w', workspace, '--json'], { env: { ...env, DA_TOKEN: 'da_wrong' } });
    expect([wrong.code, JSON.parse(wrong.stdout).errors[0].code]).toEqual([4, 'unauthorized']);
    expect(wrong.stderr + wrong.stdout).not.toContain('da_wrong');
    const none = await da(['sync', '-w', workspace, '--json'], { env: { DA_SERVER: server.url } });
    expect([none.code, JSON.parse(none.stdout).downloaded]).toEqual([4, []]);
    await server.stop();
    const gone = await da(['sync', '-w', workspace, '--json'], { env });
    expect([gone.code, JSON.parse(gone.stdout).errors[0].code]).toEqual([8, 'unreachable']);
    server = await DaServerDouble.start();
  });

  it('stops cleanly at the first Ctrl-C with exit 130, and goes on from there', async () => {
    server.publish({ orders: { parts: [versions[0] as File] } });
    server.fault = ({ count }) => (count === 1 ? { kind: 'stall', after: 300_000 } : null);
    const child = startDa(['sync', '-w', workspace], { env });
    const ended = finish(child);
    await expect.poll(() => server.partBytes, { timeout: 10_000 }).toBe(300_000);
    await sleep(200);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 130 });
    expect((await da(['sync', '-w', workspace], { env })).code).toBe(0);
    expect(server.partRequests.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });

  it('survives kill -9 at any moment: every table then equals its old or its new content, and the next sync mends the rest', async () => {
    const content = (version: number) => ({ parts: [versions[version - 1] as File] });
    server.publish({ a: content(1), b: content(1) });
    await da(['sync', '-w', workspace], { env });
    for (let round = 0; round < 8; round += 1) {
      const version = 2 - (round % 2);
      server.publish({ a: content(version), b: content(version) });
      const child = startDa(['sync', '-w', workspace], { env });
      const ended = finish(child);
      await sleep(120 + Math.random() * 450);
      child.kill('SIGKILL');
      await ended;
      for (const table of ['a', 'b']) {
        const [row] = await rows(`SELECT count(*) AS n, count(DISTINCT version) AS versions FROM ${table}`);
        expect(row).toEqual({ n: 100_000, versions: 1 });
      }
      expect((await da(['sync', '-w', workspace], { env })).code).toBe(0);
      expect(await rows('SELECT (SELECT max(version) FROM a) AS a, (SELECT max(version) FROM b) AS b')).toEqual([
        { a: version, b: version },
      ]);
    }
  }, 120_000);
});
