import { expect, test } from 'vitest';
import { nextPublication } from '../../src/receive/publishing-pause.ts';

test('what is applied goes live at most once a second, and publishing takes at most half of the time', () => {
  expect(nextPublication({ started: 10_000, ended: 10_200 }, false)).toBe(11_000);
  expect(nextPublication({ started: 10_000, ended: 12_000 }, false)).toBe(14_000);
});

test('a quarter of the time while more waits than a batch takes', () => {
  expect(nextPublication({ started: 10_000, ended: 10_200 }, true)).toBe(11_000);
  expect(nextPublication({ started: 10_000, ended: 12_000 }, true)).toBe(18_000);
});
