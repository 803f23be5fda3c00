/** Lets a run in a child process die at a named point of its publishing. */
import { expect } from 'vitest';

/** Whether it died: a run that has nothing to publish never comes to the point. */
export async function dieAt(point: string, work: () => Promise<unknown>): Promise<boolean> {
  process.env.DA_TEST_CRASH_POINT = point;
  try {
    await work();
    return false;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'child_failed' });
    return true;
  } finally {
    delete process.env.DA_TEST_CRASH_POINT;
  }
}
