/** A server in a process of its own, for measurements: its data folder is the first argument; it prints its address. */
import { startServer } from '../../dist/server/start-server.js';
import { benchConfig } from './config.mjs';

const { url, close } = await startServer(benchConfig(process.argv[2]), {
  log: { info: () => {}, warn: () => {}, error: (facts, message) => console.error(message, facts) },
});
console.log(url);
process.on('SIGTERM', () => void close().then(() => process.exit(0)));
