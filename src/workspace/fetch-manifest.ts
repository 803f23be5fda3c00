/** Asks the server what this workspace should hold, at no cost when nothing has changed. */

import { problemOf } from '../client/problem.ts';
import { readLimited } from '../client/read-limited.ts';
import { withRetries } from '../client/retry.ts';
import type { ServerClient } from '../client/server-client.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { readJson, writeJson } from './json-file.ts';
import { parseManifest } from './parse-manifest.ts';
import type { Manifest } from './shapes.ts';
import type { WorkspaceFolder } from './workspace-folder.ts';

const path = '/api/sync/manifest';
const sizeLimit = 256 << 20;

/** The last manifest as the server sent it, with the tag to ask by. */
interface RememberedManifest {
  server: string;
  etag: string;
  answer: unknown;
}

export async function fetchManifest(
  folder: WorkspaceFolder,
  client: ServerClient,
  options: { signal?: AbortSignal; remember: boolean },
): Promise<Manifest> {
  const server = client.address.url;
  const remembered = await readJson<RememberedManifest>(folder.manifest);
  const known = remembered?.server === server ? remembered : null;
  const fresh = await withRetries(() => ask(client, known?.etag ?? null, options.signal), {
    attempts: 3,
    signal: options.signal,
  });
  if (fresh === null) return parseManifest(known?.answer, server);
  const manifest = parseManifest(fresh.answer, server);
  if (options.remember && fresh.etag !== null) await writeJson(folder.manifest, { server, ...fresh });
  return manifest;
}

/** The answer and its tag, or null when the server says that `etag` still holds. */
async function ask(
  client: ServerClient,
  etag: string | null,
  signal?: AbortSignal,
): Promise<{ etag: string | null; answer: unknown } | null> {
  const response = await client.open(path, { headers: etag === null ? {} : { 'if-none-match': etag }, signal });
  if (response.status === 304 && etag !== null) {
    await response.body.dump();
    return null;
  }
  if (response.status !== 200) throw await problemOf(client.address.url, path, response);
  const text = await readLimited(response.body, sizeLimit, client.address.url);
  const tag = response.headers.etag;
  try {
    return { etag: typeof tag === 'string' ? tag : null, answer: JSON.parse(text) };
  } catch (cause) {
    throw new AttacheError('server_error', {
      message: `${client.address.url}${path} answered with something that is not JSON.`,
      hint: 'Check the address: is this a Data Attaché server, and is nothing between it and you?',
      cause,
    });
  }
}
