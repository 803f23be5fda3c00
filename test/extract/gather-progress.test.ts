import { expect, test, vi } from 'vitest';
import { gatherProgress } from '../../src/extract/gather-progress.ts';
import type { ExtractEvent } from '../../src/extract/shapes.ts';

const progress = (table: string, bytes: number): ExtractEvent => ({ kind: 'table_progress', table, bytes, rows: 1 });

test('a thousand messages are told as their sum, a few times a second', () => {
  vi.useFakeTimers();
  try {
    const told: ExtractEvent[] = [];
    const emit = gatherProgress((event) => told.push(event));
    for (let index = 0; index < 1_000; index += 1) emit(progress(index % 2 === 0 ? 'a' : 'b', 10));
    expect(told).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([
      { kind: 'table_progress', table: 'a', bytes: 5_000, rows: 500 },
      { kind: 'table_progress', table: 'b', bytes: 5_000, rows: 500 },
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('nothing else is said before the progress that came earlier, and none is said twice', () => {
  const told: ExtractEvent[] = [];
  const emit = gatherProgress((event) => told.push(event));
  emit(progress('a', 1));
  emit({ kind: 'note', message: 'now' });
  emit({ kind: 'note', message: 'again' });
  expect(told).toEqual([progress('a', 1), { kind: 'note', message: 'now' }, { kind: 'note', message: 'again' }]);
});
