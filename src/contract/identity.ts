/** The one grammar for source names, table ids and aliases, checked here for every door of the system. */
import { AttacheError } from '../errors/attache-error.ts';

export const identityGrammar = /^[a-z_][a-z0-9_]{0,62}$/;

/** Names inside an extract that belong to the contract or to the publisher, in any case. */
const reserved = new Set([
  '_meta',
  '_parts',
  '_remote_attach',
  '_da_tables',
  'main',
  'temp',
  'system',
  'information_schema',
  'pg_catalog',
  // A table by this name would vanish from every JSON object that has tables by id.
  '__proto__',
]);

/** Why `name` cannot be used, or null when it can. */
export function identityFault(name: unknown): string | null {
  if (typeof name !== 'string') return 'it is not text';
  if (!identityGrammar.test(name)) {
    return 'it must start with a lower-case letter or _, hold only lower-case letters, digits and _, and have at most 63 characters';
  }
  if (reserved.has(name)) return 'it is reserved';
  return null;
}

/** `name` itself, or an error that says what it names and what is wrong with it. */
export function checkIdentity(name: unknown, what: string): string {
  const fault = identityFault(name);
  if (fault === null) return name as string;
  throw new AttacheError('name_invalid', {
    message: `${what} ${JSON.stringify(name)} cannot be used: ${fault}.`,
    hint: 'Choose a name such as orders or crm_orders_2024.',
  });
}

/** A table id derived from a label by the one rule: lower case, letters without their accents, every other run of characters becomes one underscore; what fits already stays. Refused when the outcome does not fit. */
export function deriveTableId(label: string): string {
  if (identityFault(label.trim()) === null) return label.trim();
  const derived = label
    .trim()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '_')
    .replace(/^_+(?=.)|_+$/g, '');
  const fault = identityFault(derived);
  if (fault === null) return derived;
  throw new AttacheError('name_invalid', {
    message: `No table id can be derived from the name ${JSON.stringify(label)}: ${JSON.stringify(derived)} does not fit, ${fault}.`,
    hint: 'Give the id yourself, e.g. "id": "orders".',
  });
}
