/** How much memory downloads take: enough to be fast when they are few, little together when they are many. */
import { describe, expect, test } from 'vitest';
import { BufferShares } from '../../../src/server/files/buffer-shares.ts';

const megabyte = 1 << 20;

describe('buffers of downloads', () => {
  test('are large for a large file while few run, and no larger than a small file needs', () => {
    const shares = new BufferShares();
    expect(shares.take(500 * megabyte).buffer(0)).toHaveLength(2 * megabyte);
    expect(shares.take(300_000).buffer(0)).toHaveLength(512 * 1024);
    expect(shares.take(10).buffer(0)).toHaveLength(128 * 1024);
  });

  test('of two hundred that never end hold less than 128 MB together', () => {
    const shares = new BufferShares();
    let held = 0;
    for (let index = 0; index < 200; index += 1) {
      const share = shares.take(500 * megabyte);
      held += share.buffer(0).length + share.buffer(1).length;
    }
    expect(held).toBeLessThan(128 * megabyte);
  });

  test('are lent again, are large again when the many have gone, and are never in two hands', () => {
    const shares = new BufferShares();
    const first = shares.take(500 * megabyte);
    const [one, two] = [first.buffer(0), first.buffer(1)];
    expect(one).not.toBe(two);
    expect(first.buffer(0)).toBe(one);
    const many = Array.from({ length: 50 }, () => shares.take(500 * megabyte));
    const lent = many.map((share) => share.buffer(0));
    expect(new Set([one, two, ...lent]).size).toBe(52);
    for (const share of [first, ...many]) share.giveBack();
    const again = shares.take(500 * megabyte).buffer(0);
    expect(again).toHaveLength(2 * megabyte);
    expect([one, two]).toContain(again);
  });
});
