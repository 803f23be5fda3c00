/** Which server a command talks to, and as whom: the flag and the environment beat the workspace, the workspace beats the stored login. */
import type { Command } from 'commander';
import { ServerClient } from '../client/server-client.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { Context } from './context.ts';
import { readCredentials } from './credentials.ts';

export function addServerOption(command: Command): Command {
  return command.option('--server <url>', 'the server (default: DA_SERVER, else the one you signed in to)');
}

export async function connect(
  options: { server?: string },
  { environment }: Context,
  workspaceServer: string | null = null,
): Promise<ServerClient> {
  const stored = await readCredentials(environment);
  const named = options.server ?? nonEmpty(environment.DA_SERVER) ?? workspaceServer ?? stored.current;
  if (named === null) {
    throw new AttacheError('usage', {
      message: 'No server is known: looked at --server, DA_SERVER, the workspace and the stored login.',
      hint: 'Sign in with `da login https://data.example.com`, or set DA_SERVER.',
    });
  }
  const url = serverUrl(named);
  const token = nonEmpty(environment.DA_TOKEN) ?? stored.tokens[url] ?? null;
  if (token === null) {
    throw new AttacheError('unauthorized', {
      message: `No token is known for ${url}: looked at DA_TOKEN and the stored login.`,
      hint: `Sign in with \`da login ${url}\`, or set DA_TOKEN.`,
    });
  }
  return new ServerClient({ url, token });
}

/** The address in its one form: scheme, host and path without a trailing slash. */
export function serverUrl(text: string): string {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`);
    if ((url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '') {
      return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
    }
  } catch {
    // Said below, for every kind of fault.
  }
  throw new AttacheError('usage', {
    message: `${JSON.stringify(text)} is not the address of a server.`,
    hint: 'Write it like https://data.example.com or http://127.0.0.1:8080, with no name or password in it.',
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
