/** `da login`: keeps a token for a server. */
import type { Command } from 'commander';
import { ServerClient } from '../../client/server-client.ts';
import { AttacheError } from '../../errors/attache-error.ts';
import { askSecret } from '../ask-secret.ts';
import { serverUrl } from '../connect.ts';
import type { Context } from '../context.ts';
import { readCredentials, writeCredentials } from '../credentials.ts';
import { readStdin } from '../read-stdin.ts';

interface Options {
  server?: string;
}

export function configure(command: Command, context: Context): void {
  command
    .argument('[url]', 'the server (default: DA_SERVER)')
    .option('--server <url>', 'the same as the argument')
    .addHelpText(
      'before',
      `Asks for a token, tries it, and keeps it in a file that only you can read. The token comes from DA_TOKEN, from
stdin, or from a prompt; never from a flag, which other users of the machine could see.\n
Examples:
  $ da login https://data.example.com
  $ da login http://127.0.0.1:8080 < data/admin-token
`,
    )
    .addHelpText('after', '\nJSON: {server, stored}.')
    .action((url: string | undefined, options: Options) => run(url, options, context));
}

async function run(url: string | undefined, options: Options, context: Context): Promise<void> {
  const { terminal, environment, signal } = context;
  const named = url ?? options.server ?? environment.DA_SERVER;
  if (!named) {
    throw new AttacheError('usage', {
      message: 'No server is named.',
      hint: 'Write `da login https://data.example.com`, or set DA_SERVER.',
    });
  }
  const server = serverUrl(named);
  const token = await obtainToken(server, context);
  await tryToken(server, token, signal);
  const credentials = await readCredentials(environment);
  const stored = await writeCredentials(environment, {
    current: server,
    tokens: { ...credentials.tokens, [server]: token },
  });
  if (terminal.json) await terminal.document({ server, stored });
  terminal.say(`Signed in to ${server}; the token is kept in ${stored}. next: da sync`);
}

async function obtainToken(server: string, { environment }: Context): Promise<string> {
  const given =
    environment.DA_TOKEN || (process.stdin.isTTY ? await askSecret(`Token for ${server}: `) : await readStdin());
  const token = given.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new AttacheError('usage', {
    message: token === '' ? 'No token came.' : 'What came is not a token: it holds spaces or unusual characters.',
    hint: 'Put it into DA_TOKEN, or send it on stdin: `da login URL < token-file`.',
  });
}

async function tryToken(url: string, token: string, signal: AbortSignal): Promise<void> {
  await using client = new ServerClient({ url, token });
  await client.json('/api/sync/manifest', { signal });
}
