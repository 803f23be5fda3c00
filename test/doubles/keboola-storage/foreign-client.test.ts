/** An independent client of the real service (kbcstorage from PyPI) must be able to use the double. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from './clouds/start-azurite.ts';
import { type StartOptions, startKeboolaStorage } from './index.ts';

const run = promisify(execFile);
const wanted = process.env.DA_FOREIGN_CLIENTS === '1';
const orders = 'in.c-main.orders';
const rows = Array.from({ length: 25 }, (_, n) => [String(n), `name "${n}"\nsecond line`]);

const script = `
import sys
from kbcstorage.tables import Tables
url, token, table, folder = sys.argv[1:5]
print(Tables(url, token).export_to_file(table, folder, columns=['id', 'name'], is_gzip=sys.argv[5] == 'gzip'))
`;

describe.skipIf(!wanted)('the foreign client kbcstorage 0.12.0', () => {
  let folder: string;
  let python: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'foreign-client-'));
    await run('python3', ['-m', 'venv', join(folder, 'venv')]);
    python = join(folder, 'venv', 'bin', 'python');
    await run(python, ['-m', 'pip', 'install', '--quiet', 'kbcstorage==0.12.0']);
    writeFileSync(join(folder, 'export.py'), script);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function exportWith(options: StartOptions, gzip = true): Promise<string[]> {
    const double = await startKeboolaStorage(options);
    const target = mkdtempSync(join(folder, 'export-'));
    try {
      await double.control.project.createTable({ id: orders, columns: ['id', 'name'], rows });
      const args = [
        join(folder, 'export.py'),
        double.url,
        double.tokens.master,
        orders,
        target,
        gzip ? 'gzip' : 'plain',
      ];
      await run(python, args, { cwd: target, env: { ...process.env, ...double.environment } });
      return readFileSync(join(target, 'orders'), 'utf8').split(/\n(?=")/);
    } finally {
      await double.stop();
    }
  }

  const ordered = (lines: string[]) => lines.map((line) => line.trim()).sort();
  const truth = ordered(['"id","name"', ...rows.map(([id, name]) => `"${id}","${name!.replaceAll('"', '""')}"`)]);

  describe.each(['aws', 'gcp', 'azure'] as const)('on %s', (fileProvider) => {
    it('reads a sliced export', async () => {
      expect(ordered(await exportWith({ fileProvider, sliceRows: 2 }))).toEqual(truth);
    }, 60_000);

    it('reads a single slice, gzipped and plain', async () => {
      expect(ordered(await exportWith({ fileProvider }))).toEqual(truth);
      expect(ordered(await exportWith({ fileProvider }, false))).toEqual(truth);
    }, 60_000);

    it('reads an unsliced file', async () => {
      expect(ordered(await exportWith({ fileProvider, isSliced: false }))).toEqual(truth);
    }, 60_000);
  });

  it('reads slices that azurite holds', async () => {
    const azurite = await startAzurite();
    try {
      expect(ordered(await exportWith({ fileProvider: 'azure', sliceRows: 2, azurePeer: azurite.peer }))).toEqual(
        truth,
      );
    } finally {
      await azurite.stop();
    }
  }, 60_000);
});

if (!wanted) {
  const reason = 'kbcstorage did NOT run against the double: set DA_FOREIGN_CLIENTS=1 (needs python3 and PyPI)';
  process.stderr.write(`${reason}\n`);
  it.skip(reason, () => {});
}
