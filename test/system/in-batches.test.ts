import { describe, expect, it } from 'vitest';
import { inBatches } from '../../src/system/in-batches.ts';

describe('rows in batches', () => {
  it('go in statements of at most ten thousand values, numbered anew in each, and none for no rows', async () => {
    const statements: { places: string; values: number[] }[] = [];
    const keep = async (places: string, values: number[]) => {
      statements.push({ places, values });
    };
    await inBatches([], keep);
    expect(statements).toEqual([]);
    await inBatches(
      Array.from({ length: 5_001 }, (_, row) => [row, -row]),
      keep,
    );
    expect(statements.map(({ values }) => values.length)).toEqual([10_000, 2]);
    expect(statements[0]?.places.startsWith('($1, $2), ($3, $4), ')).toBe(true);
    expect(statements[1]).toEqual({ places: '($1, $2)', values: [5_000, -5_000] });
  });
});
