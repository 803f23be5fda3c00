/** Appends events where files may not grow beyond a limit; tells which were acknowledged and which refused. */
const [, , directory] = process.argv;
const { InboxWriter } = await import('../../dist/receive/inbox/inbox-writer.js');

const inbox = await InboxWriter.open(directory);
const facts = { identifier: null, name: null, occurredAt: null, receivedAt: 1 };
const acknowledged = [];
const refused = [];
for (let round = 0; round < 60; round += 1) {
  const bodies = ['a', 'b', 'c'].map((letter) => `${round} ${letter} ${'x'.repeat(1_500)}`);
  await Promise.all(
    bodies.map((body) =>
      inbox.append(facts, Buffer.from(body)).then(
        () => acknowledged.push(body),
        () => refused.push(body),
      ),
    ),
  );
}
await inbox.close();
console.log(JSON.stringify({ acknowledged, refused }));
