/** The reference without nginx: bare node:http that pipes one file, read in pieces of 1 MiB. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';

const [, , path] = process.argv;
const { size } = statSync(path);
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-length': size });
  createReadStream(path, { highWaterMark: 1 << 20 }).pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => process.exit(0));
