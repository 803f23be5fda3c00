/** `tokens`: who may speak to the server. Only hashes are stored. */
import { createHash, randomBytes } from 'node:crypto';
import type { Session } from '../duckdb/session.ts';

export type Role = 'admin' | 'analyst';

export interface TokenRow {
  id: string;
  /** SHA-256 of the token, lower-case hex: a token has 256 random bits, so a slow hash adds nothing. */
  hash: string;
  label: string;
  role: Role;
  created_at: string;
  revoked_at: string | null;
}

/** A new secret with a prefix that secret scanners can recognise. */
export function newToken(): string {
  return `da_${randomBytes(32).toString('base64url')}`;
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The tokens that are valid now. */
export async function validTokens(session: Session): Promise<TokenRow[]> {
  return session.rows<TokenRow>(
    'SELECT id, hash, label, role, created_at, revoked_at FROM tokens WHERE revoked_at IS NULL ORDER BY id',
  );
}

/** Inserts the token or replaces the one with its id. */
export async function saveToken(session: Session, token: TokenRow): Promise<void> {
  await session.run(
    `INSERT INTO tokens (id, hash, label, role, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, label = excluded.label, role = excluded.role,
       created_at = excluded.created_at, revoked_at = excluded.revoked_at`,
    [token.id, token.hash, token.label, token.role, token.created_at, token.revoked_at],
  );
}
