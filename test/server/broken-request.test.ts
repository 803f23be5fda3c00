import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { answerBrokenRequests } from '../../src/server/broken-request.ts';
import { silentLog } from '../helpers/instance.ts';

test('an answer that is under way is cut off, never mixed with the problem of the request behind it', async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.write('the first half');
  });
  server.on('clientError', answerBrokenRequests(silentLog));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let said = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (said === '') socket.write('no chunk\r\n');
    said += chunk;
  });
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  await once(socket, 'close');
  server.close();
  expect(said).toMatch(/the first half\s*$/);
});
