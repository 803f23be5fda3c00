/** A door and the process behind it, held by a process of their own that a test may kill. Takes its task first, then requests, over IPC. */
import { PushedSource } from '../../dist/receive/pushed-source.js';

let source;

process.on('message', async ({ id, what, ...rest }) => {
  try {
    process.send({ id, value: await perform(what, rest) });
  } catch (error) {
    process.send({ id, error: { code: error.code, message: error.message, retryable: error.retryable } });
  }
});
process.on('disconnect', () => process.exit(1));

async function perform(what, { task, event, kind, force, point }) {
  if (what === 'start') {
    source = await PushedSource.start(task, { note: (message) => process.send({ note: message }) });
    return process.pid;
  }
  if (what === 'accept')
    return source.accept({ ...event, body: Buffer.from(event.body, 'base64'), receivedAt: Date.now() });
  if (what === 'order') return source.order(kind, force);
  if (what === 'quarantined') return source.quarantined();
  if (what === 'close') return source.close();
  // The next process behind the door dies at this point; with null it lives.
  if (point === null) delete process.env.DA_TEST_CRASH_POINT;
  else process.env.DA_TEST_CRASH_POINT = point;
}
