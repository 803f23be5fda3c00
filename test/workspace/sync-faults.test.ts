import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AttacheError } from '../../src/errors/attache-error.ts';
import { localPath } from '../../src/workspace/local-parts.ts';
import { ensureWorkspace, workspaceAt } from '../../src/workspace/workspace-folder.ts';
import type { Fault, PartRequest } from '../doubles/da-server/server.ts';
import { parquet } from '../helpers/parquet.ts';
import { createSetting } from './setting.ts';

type File = Awaited<ReturnType<typeof parquet>>;
let old: File;
let fresh: File;

beforeAll(async () => {
  old = await parquet('SELECT range AS id, random() AS r FROM range(2000)');
  fresh = await parquet('SELECT range AS id, random() AS r FROM range(200000)');
});

const onFirst = (fault: Fault) => (request: PartRequest) => (request.count === 1 ? fault : null);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('da sync over a bad network', () => {
  const faults: [name: string, fault: (request: PartRequest) => Fault | null, bytesPerPart?: number][] = [
    ['is cut once', onFirst({ kind: 'cut', after: 300_000 }), 1],
    ['is cut again and again', ({ count }) => (count <= 4 ? { kind: 'cut', after: 200_000 } : null), 1],
    ['is cut before the first byte', onFirst({ kind: 'cut', after: 0 }), 1],
    ['flips a byte once', onFirst({ kind: 'flip', at: 4321 }), 2],
    ['answers 500 once', onFirst({ kind: 'status', status: 500 }), 1],
    ['answers 429 and asks for a pause', onFirst({ kind: 'status', status: 429, headers: { 'retry-after': '0' } }), 1],
    ['stalls', onFirst({ kind: 'stall', after: 100_000 }), 1],
    [
      'is cut, and the server forgets how to resume',
      ({ count }) => (count === 1 ? { kind: 'cut', after: 100_000 } : { kind: 'ignore_range' }),
    ],
  ];

  for (const [name, fault, copies] of faults) {
    it(`ends with the right bytes when the way ${name}`, async () => {
      await using setting = await createSetting({ orders: { parts: [fresh] } });
      setting.server.fault = fault;
      const report = await setting.sync();
      expect(report.failed).toEqual([]);
      expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '200000' }]);
      if (copies === 1) expect(report.bytes).toBe(fresh.bytes.length);
      if (copies === 2) expect(report.bytes).toBe(2 * fresh.bytes.length);
      expect(setting.server.complaints).toEqual([]);
    });
  }

  it('resumes with If-Range, also in a later process', async () => {
    await using setting = await createSetting({ orders: { parts: [fresh] } });
    setting.server.fault = ({ count }) =>
      count === 1 ? { kind: 'cut', after: 500_000 } : { kind: 'status', status: 403 };
    expect((await setting.sync()).failed).toMatchObject([{ table: 'orders', code: 'forbidden' }]);
    setting.server.fault = () => null;
    const report = await setting.sync();
    expect(report.bytes).toBe(fresh.bytes.length - 500_000);
    const last = setting.server.partRequests.at(-1);
    expect(last).toMatchObject({ range: 'bytes=500000-', ifRange: `"sha256:${sha256(fresh.bytes)}"` });
  });

  it('starts a part again whose beginning from an earlier run is damaged', async () => {
    await using setting = await createSetting({ orders: { parts: [fresh] } });
    const path = localPath(setting.folder, 'orders', sha256(fresh.bytes));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(`${path}.part`, Buffer.alloc(10_000, 7));
    expect((await setting.sync()).failed).toEqual([]);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '200000' }]);
  });

  it('keeps the old table and stops after two identical wrong hashes, naming the server', async () => {
    await using setting = await createSetting({ orders: { parts: [old] }, other: { parts: [old] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [fresh] }, other: { parts: [fresh] } });
    setting.server.fault = ({ table }) => (table === 'orders' ? { kind: 'flip', at: 1000 } : null);
    const report = await setting.sync();
    expect(report.failed).toMatchObject([{ table: 'orders', code: 'integrity' }]);
    expect(report.failed[0]?.message).toContain('the server is inconsistent');
    expect(report.downloaded).toMatchObject([{ table: 'other' }]);
    expect(setting.server.partRequests.filter((one) => one.table === 'orders')).toHaveLength(3);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  it('gives up on bytes that are wrong in another way each time', async () => {
    await using setting = await createSetting({ orders: { parts: [fresh] } });
    setting.server.fault = ({ count }) => ({ kind: 'flip', at: 1000 + count });
    expect((await setting.sync()).failed).toMatchObject([{ table: 'orders', code: 'integrity' }]);
    expect(setting.server.partRequests.length).toBeLessThan(10);
  });

  it('takes the newer content when the generation changes in the middle', async () => {
    await using setting = await createSetting({ orders: { parts: [old] }, people: { parts: [old] } });
    setting.server.fault = ({ table, count }) => {
      if (table === 'orders' && count === 1)
        setting.server.publish({ orders: { parts: [fresh] }, people: { parts: [old] } });
      return null;
    };
    const report = await setting.sync();
    expect(report.failed).toEqual([]);
    expect(report.downloaded.map((one) => one.table).sort()).toEqual(['orders', 'people']);
    expect(report.bytes).toBe(setting.server.partBytes);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '200000' }]);
  });

  it('reports a part that stays missing, and keeps the old table', async () => {
    await using setting = await createSetting({ orders: { parts: [old] } });
    await setting.sync();
    setting.server.publish({ orders: { parts: [fresh] } });
    setting.server.fault = () => ({ kind: 'status', status: 404 });
    expect((await setting.sync()).failed).toMatchObject([{ table: 'orders' }]);
    expect(setting.server.manifestAnswers).toHaveLength(3);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  it('never writes more than the announced size', async () => {
    await using setting = await createSetting({ orders: { parts: [old] } });
    setting.server.fault = () => ({ kind: 'extra', bytes: 5_000_000 });
    expect((await setting.sync()).failed).toMatchObject([{ table: 'orders', code: 'integrity' }]);
  });

  it('stops at once when cancelled, and goes on from there the next time', async () => {
    await using setting = await createSetting({ orders: { parts: [fresh] } });
    setting.server.fault = onFirst({ kind: 'stall', after: 400_000 });
    const stop = new AbortController();
    const running = setting.sync({
      signal: stop.signal,
      onEvent: (event) => {
        const arrived = event.kind === 'table_bytes' && event.bytes >= 400_000;
        if (arrived) stop.abort(new AttacheError('cancelled', { message: 'Stopped.' }));
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect((await setting.sync()).bytes).toBe(fresh.bytes.length - 400_000);
  });

  it('says that nobody is there without trying for long', async () => {
    await using setting = await createSetting({ orders: { parts: [old] } });
    await setting.sync();
    await setting.server.stop();
    await expect(setting.sync()).rejects.toMatchObject({ code: 'unreachable' });
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  it.skipIf(process.platform !== 'linux')('says so when the folder cannot be written', async () => {
    // Nobody makes folders here, the superuser included.
    await expect(ensureWorkspace(workspaceAt('/sys/da-workspace'))).rejects.toMatchObject({ code: 'not_writable' });
  });
});

describe('da sync from a hostile server', () => {
  const hash = 'a'.repeat(64);
  const entry = (parts: unknown[], more: object = {}) => ({
    hash: `sha256:${hash}`,
    rows: 1,
    size_bytes: 1,
    parts,
    ...more,
  });
  const hostile: [what: string, id: string, entry: unknown, code: string][] = [
    [
      'an id that climbs out of the folder',
      '../../evil',
      entry([{ sha256: hash, size_bytes: 1, rows: 1 }]),
      'name_invalid',
    ],
    ['an absolute id', '/etc/passwd', entry([{ sha256: hash, size_bytes: 1, rows: 1 }]), 'name_invalid'],
    ['an id with upper case', 'Orders', entry([{ sha256: hash, size_bytes: 1, rows: 1 }]), 'name_invalid'],
    ['a hash that is a path', 'evil', entry([{ sha256: `../${hash.slice(3)}`, size_bytes: 1, rows: 1 }]), 'integrity'],
    ['a negative size', 'evil', entry([{ sha256: hash, size_bytes: -1, rows: 1 }]), 'integrity'],
    ['a size beyond every disk', 'evil', entry([{ sha256: hash, size_bytes: 2 ** 53 - 1, rows: 1 }]), 'disk_full'],
    [
      'a hash that its parts do not give',
      'evil',
      entry([{ sha256: 'b'.repeat(64), size_bytes: 1, rows: 1 }]),
      'integrity',
    ],
    ['no object at all', 'evil', 'surprise', 'integrity'],
    ['an unknown mode', 'evil', entry([], { query_mode: 'hybrid' }), 'integrity'],
  ];

  for (const [what, id, evil, code] of hostile) {
    it(`refuses ${what}, and syncs the rest`, async () => {
      await using setting = await createSetting({ orders: { parts: [old] } });
      setting.server.editManifest = ({ tables }) => ({ tables: { ...tables, [id]: evil } });
      const report = await setting.sync();
      expect(report.failed).toMatchObject([{ table: id, code }]);
      expect(report.downloaded).toMatchObject([{ table: 'orders' }]);
      expect(await setting.files()).toHaveLength(1);
    });
  }

  it('keeps a table whose entry became unusable: unknown is not revoked', async () => {
    await using setting = await createSetting({ orders: { parts: [old] } });
    await setting.sync();
    setting.server.editManifest = () => ({ tables: { orders: { parts: 'none' } } });
    expect(await setting.sync()).toMatchObject({ removed: [], failed: [{ table: 'orders', code: 'integrity' }] });
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  it('keeps a table the server has no content of yet, and does not call it failed', async () => {
    await using setting = await createSetting({ orders: { parts: [old] } });
    await setting.sync();
    setting.server.editManifest = () => ({ tables: { orders: { hash: null, parts: [] } } });
    expect(await setting.sync()).toMatchObject({ removed: [], failed: [], pending: ['orders'] });
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  it('keeps the old table when the new parts are no Parquet although their hash is right', async () => {
    await using setting = await createSetting({ orders: { parts: [old] }, people: { parts: [old] } });
    await setting.sync();
    setting.server.publish({
      orders: { parts: [{ bytes: Buffer.from('not a Parquet file'), rows: 1 }] },
      people: { parts: [fresh] },
    });
    const report = await setting.sync();
    expect(report.failed).toMatchObject([{ table: 'orders', code: 'integrity' }]);
    expect(report.downloaded).toMatchObject([{ table: 'people' }]);
    expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
  });

  for (const answer of [[], 'text', { tables: [] }, {}, null]) {
    it(`takes ${JSON.stringify(answer)} for no manifest, and touches nothing`, async () => {
      await using setting = await createSetting({ orders: { parts: [old] } });
      await setting.sync();
      setting.server.editManifest = () => answer;
      // The double adds its own members to an object.
      const outcome = await setting.sync().then(
        () => 'ok',
        (error: AttacheError) => error.code,
      );
      expect(outcome).toBe('server_error');
      expect(await setting.query('SELECT count(*) AS n FROM orders')).toEqual([{ n: '2000' }]);
    });
  }

  it('passes over a table with a reserved name, and says so', async () => {
    await using setting = await createSetting(JSON.parse('{}'));
    setting.server.publish(Object.fromEntries([['__proto__', { parts: [old] }]]));
    setting.server.editManifest = (manifest) => manifest;
    expect(await setting.sync()).toMatchObject({
      downloaded: [],
      failed: [{ table: '__proto__', code: 'name_invalid' }],
    });
  });
});
