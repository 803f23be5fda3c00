import { describe, expect, test } from 'vitest';
import { ReadRoom } from '../../../src/connectors/bigquery/read-room.ts';

const megabyte = 1 << 20;

/** A stream of `count` answers of `bytes` each, as the connection and a reader treat it: each step does the next thing that can be done. */
function simulated(room: ReadRoom, bytes: number, count: number) {
  const place = room.stream();
  let [asked, waiting, working, read] = [false, 0, 0, 0];
  let left = count;
  const ask = () => place.next(() => (asked = true));
  ask();
  return {
    held: () => (asked ? bytes : 0) + (waiting + working) * bytes,
    isOver: () => read === count,
    arrive: () => {
      if (!asked || left === 0) return;
      [asked, waiting, left] = [false, waiting + 1, left - 1];
      place.arrived(bytes);
      ask();
    },
    take: () => {
      if (working > 0) {
        [working, read] = [0, read + 1];
        place.done();
        if (read === count) place.close();
      } else if (waiting > 0) {
        [waiting, working] = [waiting - 1, 1];
        place.taken(bytes);
      }
    },
  };
}

describe('the room that streams share', () => {
  test.each([
    { megabytes: 1, streams: 4, most: 4 * 6 },
    { megabytes: 8, streams: 4, most: 64 + 8 },
    { megabytes: 37, streams: 4, most: 4 * 37 },
    { megabytes: 37, streams: 8, most: 4 * 37 },
    { megabytes: 200, streams: 4, most: 4 * 200 },
  ])('$streams streams of answers of $megabytes MB all come to their end and hold $most MB at most', (given) => {
    const room = new ReadRoom();
    const streams = Array.from({ length: given.streams }, () => simulated(room, given.megabytes * megabyte, 30));
    let [most, later] = [0, 0];
    for (let turn = 0; streams.some((stream) => !stream.isOver()); turn += 1) {
      expect(turn).toBeLessThan(5_000);
      for (const stream of streams) stream.arrive();
      const held = streams.reduce((sum, stream) => sum + stream.held(), 0) / megabyte;
      most = Math.max(most, held);
      if (turn > 20) later = Math.max(later, held);
      for (const stream of streams) stream.take();
    }
    expect(most).toBeLessThanOrEqual(given.most);
    // Once sizes are known, one answer may come above the bound, or be larger than all of it.
    expect(later).toBeLessThanOrEqual(Math.max(64, given.megabytes));
  });

  test('a stream that waits for room is not late, and one that was asked is', () => {
    const room = new ReadRoom();
    const [first, second] = [room.stream(), room.stream()];
    first.next(() => {});
    first.arrived(60 * megabyte);
    second.next(() => {});
    expect(second.askedAt()).toBeGreaterThanOrEqual(performance.now() - 1_000);
    const before = performance.now();
    expect(second.askedAt()).toBeGreaterThanOrEqual(before);
    first.close();
    const after = performance.now();
    expect(second.askedAt()).toBeLessThanOrEqual(after);
  });

  test('what a call held that broke off is free for the others', () => {
    const room = new ReadRoom();
    const broken = room.stream();
    broken.next(() => {});
    broken.arrived(60 * megabyte);
    const other = room.stream();
    let asked = 0;
    other.next(() => (asked += 1));
    expect(asked).toBe(0);
    broken.close();
    expect(asked).toBe(1);
  });
});
