import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FactsClient } from '../facts-client.ts';
import { startKeboolaStorage } from '../index.ts';
import { record } from './record.ts';
import { smokeFacts } from './smoke-facts.ts';

const url = process.env.KEBOOLA_TEST_URL;
const token = process.env.KEBOOLA_TEST_TOKEN;
const folder = process.env.KEBOOLA_TEST_RECORD;

describe.each(['aws', 'gcp', 'azure'] as const)('the smoke facts hold on the double (%s)', (fileProvider) => {
  it.each(smokeFacts)('%s', async (title, check) => {
    const double = await startKeboolaStorage({ fileProvider });
    const kept = mkdtempSync(join(tmpdir(), 'record-'));
    await double.control.project.createTable({
      id: 'in.c-main.orders',
      columns: ['id', 'name'],
      rows: [['1', 'a\nb']],
    });
    const client = new FactsClient(double);
    const answer = await check(client);
    record(kept, title, answer);
    const written = readdirSync(kept)
      .map((name) => readFileSync(join(kept, name), 'utf8'))
      .join('');
    expect(written.length).toBeGreaterThan(0);
    for (const secret of [
      double.tokens.master,
      'sig=',
      'X-Amz-Signature',
      'Signature=',
      'ya29.',
      'SharedAccessSignature',
    ]) {
      expect(written).not.toContain(secret);
    }
    rmSync(kept, { recursive: true });
    await double.stop();
  });
});

describe.skipIf(!url || !token)('the smoke facts hold on a real project', () => {
  it.each(smokeFacts)(
    '%s',
    async (title, check) => {
      const answer = await check(new FactsClient({ url: url!.replace(/\/+$/, ''), tokens: { master: token! } }));
      if (folder) record(folder, title, answer);
    },
    300_000,
  );
});

if (!url || !token) {
  const reason = 'the smoke facts did NOT run against a real project: set KEBOOLA_TEST_URL and KEBOOLA_TEST_TOKEN';
  process.stderr.write(`${reason}\n`);
  it.skip(reason, () => {});
}
