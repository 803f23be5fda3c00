import { expect, test } from 'vitest';
import { WaitingEvents } from '../../src/receive/waiting-events.ts';

test('the lag is the age of the oldest event that is not visible, and nothing once all are', () => {
  const waiting = new WaitingEvents();
  expect(waiting.lag(5_000)).toBe(0);
  waiting.add(1, 1_000);
  waiting.add(2, 1_100);
  waiting.add(3, 2_000);
  expect(waiting.lag(5_000)).toBe(4_000);
  waiting.settle(1);
  expect(waiting.lag(5_000)).toBe(4_000);
  waiting.settle(2);
  expect(waiting.lag(5_000)).toBe(3_000);
  waiting.settle(3);
  expect(waiting.lag(5_000)).toBe(0);
});

test('a storm that nobody applies costs marks, not memory for each event', () => {
  const waiting = new WaitingEvents();
  for (let index = 0; index < 100_000; index += 1) waiting.add(index, index);
  expect(waiting.lag(100_000)).toBe(100_000);
  expect(JSON.stringify(waiting).length).toBeLessThan(50_000);
});
