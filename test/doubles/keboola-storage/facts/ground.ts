/** The ground every fact is checked on: a fresh double with one small classic table. */
import { gunzipSync } from 'node:zlib';
import { FactsClient } from '../facts-client.ts';
import { type KeboolaStorage, type StartOptions, startKeboolaStorage } from '../index.ts';

interface Ground {
  double: KeboolaStorage;
  client: FactsClient;
  control: KeboolaStorage['control'];
}

export type Fact = [title: string, check: (ground: Ground) => Promise<void>, options?: StartOptions];

export const orders = 'in.c-main.orders';

export async function checkFact([, check, options]: Fact): Promise<void> {
  const double = await startKeboolaStorage(options);
  try {
    const rows = [
      ['1', 'a'],
      ['2', null],
      ['10', 'x"y\nz'],
    ];
    await double.control.project.createTable({ id: orders, columns: ['id', 'name'], primaryKey: ['id'], rows });
    await check({ double, client: new FactsClient(double), control: double.control });
  } finally {
    await double.stop();
  }
}

/** The CSV text of gz slices, one after another. */
export function text(slices: Buffer[]): string {
  return slices.map((slice) => gunzipSync(slice).toString()).join('');
}
