/** `da serve`: starts the server and keeps it running until it is told to stop, which then is a success. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { startServer } from '../../server/start-server.ts';
import type { Context } from '../context.ts';
import { shellWord } from '../output/shell-word.ts';
import { addConfigOptions, type ConfigOptions, readConfig } from '../read-config.ts';

export function configure(command: Command, context: Context): void {
  addConfigOptions(command)
    .option('--host <address>', 'address to listen on (DA_HOST; default 127.0.0.1)')
    .option('--port <n>', 'port to listen on, 0 for a free one (DA_PORT; default 8080)')
    .addHelpText(
      'before',
      `Serves the data folder over HTTP and syncs its sources on schedule.\n
Examples:
  $ da serve --data-dir ./data --config instance.yaml
  $ da serve --port 0                 takes a free port and prints it
`,
    )
    .addHelpText(
      'after',
      `
The first line on stdout, once the server answers: listening on http://HOST:PORT. Logs go to stderr as JSON lines. The
first start makes an administrator's token, prints it once on stderr and writes it to DATA_DIR/admin-token.`,
    )
    .action((options: ConfigOptions) => run(options, context));
}

async function run(options: ConfigOptions, context: Context): Promise<void> {
  const { terminal, signal } = context;
  const config = await readConfig(options, context);
  const server = await startServer(config);
  try {
    if (terminal.json) await terminal.document({ url: server.url });
    else await terminal.data(`listening on ${server.url}\n`);
    if (server.newAdminToken !== null) {
      terminal.say(`The administrator's token, shown this once and kept in ${config.dataDirectory}/admin-token:`);
      terminal.say(`  ${server.newAdminToken}`);
      terminal.say(`next: da login ${server.url} < ${shellWord(`${config.dataDirectory}/admin-token`)}`);
    }
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await server.close();
  }
}
