import { describe, expect, it } from 'vitest';
import { type JobEvent, JobFeed } from '../../src/sync/job-feed.ts';

describe('the events of a job', () => {
  it('are handed out from where a listener left off', () => {
    const feed = new JobFeed();
    for (let index = 1; index <= 5; index += 1) feed.publish('note', { index });
    expect(feed.since(3)?.map((event) => event.id)).toEqual([4, 5]);
    expect(feed.since(5)).toEqual([]);
  });

  it('cannot be taken up where some are gone or a number was never given', () => {
    const feed = new JobFeed();
    for (let index = 0; index < 6_000; index += 1) feed.publish('note', { index });
    expect(feed.since(10)).toBeNull();
    expect(feed.since(5_999)).toHaveLength(1);
    expect(feed.since(6_001)).toBeNull();
  });

  it('do not number or keep progress', () => {
    const feed = new JobFeed();
    const heard: (JobEvent | 'end')[] = [];
    feed.listen((event) => heard.push(event));
    feed.publish('progress', { bytes: 1 });
    feed.publish('note', {});
    feed.end();
    expect(heard).toMatchObject([{ id: null, name: 'progress' }, { id: 1, name: 'note' }, 'end']);
    expect(feed.since(0)).toHaveLength(1);
  });

  it('reach nobody who has stopped listening', () => {
    const feed = new JobFeed();
    let heard = 0;
    const stop = feed.listen(() => {
      heard += 1;
    });
    feed.publish('note', {});
    stop();
    feed.publish('note', {});
    expect(heard).toBe(1);
  });
});
