/** Turns a bearer token into the principal it speaks for. */
import { timingSafeEqual } from 'node:crypto';
import { AttacheError } from '../errors/attache-error.ts';
import { hashToken, type TokenRow } from '../system/tokens.ts';
import type { Principal } from './access.ts';

export interface Authenticator {
  /** Throws `unauthorized` when the header holds no valid token. */
  authenticate(authorization: string | undefined): Principal;
}

/** Knows the valid tokens by their hashes; the tokens themselves are never kept. */
export function createAuthenticator(tokens: readonly TokenRow[]): Authenticator {
  const known = tokens.map(({ id, label, role, hash }) => ({
    principal: { id, label, role },
    hash: Buffer.from(hash, 'hex'),
  }));
  return {
    authenticate(authorization) {
      const [, token] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization ?? '') ?? [];
      if (token === undefined) throw signIn('This needs a token and none was sent.');
      const hash = Buffer.from(hashToken(token), 'hex');
      const found = known.filter((entry) => timingSafeEqual(entry.hash, hash));
      if (found[0] === undefined) throw signIn('The token is not valid here.');
      return found[0].principal;
    },
  };
}

function signIn(message: string): AttacheError {
  return new AttacheError('unauthorized', {
    message,
    hint: 'Send "Authorization: Bearer TOKEN". The first administrator finds the token in admin-token in the data folder; da login stores it.',
  });
}
