/** The first administrator's token: set by the operator, or made once, printed once and left in a file only its owner can read. */
import { chmod, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemState } from '../system/system-state.ts';
import { hashToken, newToken, saveToken, validTokens } from '../system/tokens.ts';

const id = 'admin';

/** Sees to it that there is an administrator. Returns the token when this call made it, else null. */
export async function ensureAdminToken(
  state: SystemState,
  dataDirectory: string,
  configured: string | null,
): Promise<string | null> {
  const path = join(dataDirectory, 'admin-token');
  const present = (await state.read(validTokens)).find((token) => token.id === id);
  if (configured !== null) {
    if (present?.hash !== hashToken(configured)) await save(state, configured);
    // The file would name a token that is not valid any more.
    await rm(path, { force: true });
    return null;
  }
  if (present !== undefined) return null;
  const kept = await readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  const token = /^da_[\w-]{43}$/.test(kept) ? kept : newToken();
  await writePrivately(path, `${token}\n`);
  await save(state, token);
  return token === kept ? null : token;
}

async function save(state: SystemState, token: string): Promise<void> {
  await state.write((session) =>
    saveToken(session, {
      id,
      hash: hashToken(token),
      label: 'First administrator',
      role: 'admin',
      created_at: new Date().toISOString(),
      revoked_at: null,
    }),
  );
  await state.checkpoint();
}

async function writePrivately(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    // A file that was there before keeps its mode through the open.
    await chmod(path, 0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
