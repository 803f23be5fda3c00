import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bringPostgresExtension } from '../../scripts/bring-extension.mjs';
import { type DriverIdentity, driverIdentity } from '../../src/duckdb/driver-identity.ts';
import { extensionPath } from '../../src/duckdb/probe-extension.ts';
import { extensionFile } from '../helpers/extension-file.ts';
import { da } from '../helpers/run-da.ts';

const brought = await bringPostgresExtension();
const real = brought.reason === undefined ? '' : ` (not run: ${brought.reason})`;

let directory: string;
let extensions: string;
let here: DriverIdentity;

beforeAll(async () => {
  here = await driverIdentity();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-extensions-'));
  extensions = join(directory, 'extensions');
  await writeFile(
    join(directory, 'instance.yaml'),
    'sources:\n  crm: { type: postgres, url_env: CRM_URL }\n  old: { type: postgres, url_env: OLD_URL, driver: native }\nduckdb: { extension_directories: [./extensions] }\n',
  );
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const run = (...args: string[]) => da(['extensions', ...args], { cwd: directory });

/** Everything in the folder, drafts included. */
const laidDown = async () =>
  (await readdir(extensions, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('da extensions list', () => {
  it('says what a configured source could use, where it was looked for, and not for a source that wants native', async () => {
    const { code, stdout } = await run('list', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      duckdb: here,
      directories: [extensions],
      extensions: [{ name: 'postgres_scanner', status: 'missing', path: null, sources: ['crm'] }],
    });
    expect((await run('list')).stdout).toContain(extensionPath(extensions, 'postgres_scanner', here));
  });
});

describe('da extensions install --from', () => {
  it('refuses what was built for another DuckDB or platform, by name, and changes nothing', async () => {
    const file = join(directory, 'postgres_scanner.duckdb_extension');
    await writeFile(file, extensionFile({ ...here, version: 'v1.4.4' }));
    const version = await run('install', '--from', file);
    expect(version).toMatchObject({ code: 2, stderr: expect.stringContaining('was built for DuckDB v1.4.4') });
    await writeFile(file, extensionFile({ ...here, platform: 'osx_arm64' }));
    const platform = await run('install', '--from', file);
    expect(platform).toMatchObject({ code: 2, stderr: expect.stringContaining('was built for osx_arm64') });
    expect(await laidDown()).toEqual([]);
  });

  it('refuses a file without a signature, an error page, and a cut archive', async () => {
    const file = join(directory, 'postgres_scanner.duckdb_extension');
    await writeFile(file, extensionFile({ ...here, signed: false }));
    expect(await run('install', '--from', file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('signature'),
    });
    await writeFile(file, '<html>not found</html>');
    expect(await run('install', '--from', file)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error page'),
    });
    const wheel = join(directory, 'a.whl');
    await writeFile(wheel, Buffer.from('PK\u0003\u0004 and no end'));
    expect(await run('install', '--from', wheel)).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('cut off'),
    });
    expect(await laidDown()).toEqual([]);
  });

  it('loads a file before it counts: a forged signature never gets its name', async () => {
    const file = join(directory, 'postgres_scanner.duckdb_extension.gz');
    await writeFile(file, gzipSync(extensionFile(here)));
    const { code, stdout } = await run('install', '--from', file, '--json');
    expect(code).toBe(7);
    expect(JSON.parse(stdout).errors[0].message).toContain('signature');
    expect(await laidDown()).toEqual([]);
  });

  it('says what a folder holds when the wanted one is not among it', async () => {
    await mkdir(join(directory, 'usb'));
    await writeFile(join(directory, 'usb', 'httpfs.duckdb_extension'), extensionFile(here));
    expect(await run('install', 'postgres', '--from', join(directory, 'usb'))).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('it holds httpfs'),
    });
  });

  it.skipIf(brought.reason !== undefined)(
    `takes the wheel from PyPI as it is, out of a folder too, and lays it down where DuckDB loads it${real}`,
    async () => {
      const usb = join(directory, 'usb/deep');
      await mkdir(usb, { recursive: true });
      await copyFile(brought.wheel as string, join(usb, basename(brought.wheel as string)));
      const { code, stdout } = await run('install', 'postgres', '--from', join(directory, 'usb'), '--json');
      const path = extensionPath(extensions, 'postgres_scanner', here);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        directory: extensions,
        configured: true,
        installed: [{ name: 'postgres_scanner', path, ...here }],
      });
      expect(await laidDown()).toEqual(['postgres_scanner.duckdb_extension']);
      expect(JSON.parse((await run('list', '--json')).stdout).extensions).toMatchObject([
        { name: 'postgres_scanner', status: 'available', built_for: here, sources: ['crm'] },
      ]);
      expect(await run('verify', 'postgres')).toMatchObject({ code: 0, stdout: expect.stringContaining('loads') });

      const content = await readFile(path);
      content[1_000_000]! ^= 1;
      await writeFile(path, content);
      const verified = await run('verify', '--json');
      expect(verified.code).toBe(7);
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: false, extensions: [{ ok: false, status: 'corrupt' }] });
    },
  );
});

describe('da extensions install from a repository', () => {
  let server: Server;
  let asked: string[];
  let answer: { status: number; body: Buffer };

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const mirror = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it('asks for exactly this version and platform, and says so when it is not offered', async () => {
    answer = { status: 404, body: Buffer.from('no') };
    expect(await run('install', 'postgres', '--repository', mirror())).toMatchObject({ code: 5 });
    expect(asked).toEqual([`/${here.version}/${here.platform}/postgres_scanner.duckdb_extension.gz`]);
  });

  it('names the way without a network when the repository cannot be reached', async () => {
    const { code, stderr } = await run('install', 'postgres', '--repository', 'http://127.0.0.1:9');
    expect(code).toBe(8);
    expect(stderr).toContain(`pip download --no-deps duckdb-extension-postgres-scanner==${here.version.slice(1)}`);
    expect(stderr).toContain('--from');
  });

  it.skipIf(brought.reason !== undefined)(`installs what a mirror serves${real}`, async () => {
    const file = extensionPath(brought.directory as string, 'postgres_scanner', here);
    answer = { status: 200, body: gzipSync(await readFile(file), { level: 1 }) };
    expect(await run('install', 'postgres', '--repository', mirror())).toMatchObject({ code: 0 });
    expect(await laidDown()).toEqual(['postgres_scanner.duckdb_extension']);
  });

  it('wants to know which one, and where to', async () => {
    expect(await run('install')).toMatchObject({ code: 2 });
    await writeFile(join(directory, 'instance.yaml'), 'sources: {}\n');
    expect(await run('install', 'postgres')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('extension_directories'),
    });
  });
});

describe('da extensions verify', () => {
  it('answers 5 for one that is missing, and 0 when there is nothing to verify', async () => {
    expect(await run('verify', 'postgres')).toMatchObject({ code: 5 });
    expect(await run('verify')).toMatchObject({ code: 0, stderr: expect.stringContaining('There is no extension') });
  });
});
