/** Opens many connections that never finish a request and holds them until it is told to stop: as many as the system lets one process have. */
import { connect } from 'node:net';

const [, , port, wanted] = process.argv.map(Number);
const held = [];
let refused = 0;

function openOne(index) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      // Half of the headers, or headers and a byte of the body.
      const head = `POST /webhooks/told HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n`;
      socket.write(index % 2 === 0 ? head : `${head}\r\n{`);
      held.push(socket);
      resolve();
    });
    socket.on('error', () => {
      refused += 1;
      resolve();
    });
  });
}

for (let start = 0; start < wanted; start += 200)
  await Promise.all(Array.from({ length: Math.min(200, wanted - start) }, (_, index) => openOne(start + index)));
process.send({ held: held.length, refused });
process.on('message', () => process.exit());
