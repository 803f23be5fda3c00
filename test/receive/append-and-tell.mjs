/** Appends events one after the other and tells each sequence once it is acknowledged; dies where it is told to. */
const [, , directory, point] = process.argv;
const { InboxWriter } = await import('../../dist/receive/inbox/inbox-writer.js');
const { armCrashPoint } = await import('../../dist/publish/crash-point.js');
const { writeSync } = await import('node:fs');

const inbox = await InboxWriter.open(directory);
armCrashPoint(point);
const facts = { identifier: null, name: null, occurredAt: null, receivedAt: 1 };
for (let round = 0; ; round += 1) {
  const bodies = [`${round} a`, `${round} b`, `${round} c`];
  await Promise.all(bodies.map((body) => inbox.append(facts, Buffer.from(body)).then(() => writeSync(1, `${body}\n`))));
}
