import { expect, test } from 'vitest';
import { nextPublication } from '../../src/receive/publishing-pause.ts';

test('what is applied goes live at most once a second, and publishing takes at most half of the time', () => {
  expect(nextPublication({ started: 10_000, ended: 10_200 }, 'some')).toBe(11_000);
  expect(nextPublication({ started: 10_000, ended: 12_000 }, 'some')).toBe(14_000);
});

test('a quarter of the time while more waits than a batch takes', () => {
  expect(nextPublication({ started: 10_000, ended: 10_200 }, 'batch')).toBe(11_000);
  expect(nextPublication({ started: 10_000, ended: 12_000 }, 'batch')).toBe(18_000);
});

test('after a long publication that nothing waits for, the next event need not wait either', () => {
  expect(nextPublication({ started: 10_000, ended: 10_200 }, 'none')).toBe(11_000);
  expect(nextPublication({ started: 10_000, ended: 60_000 }, 'none')).toBe(60_000);
});
