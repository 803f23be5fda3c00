/** Who we are: the key the settings name, or application default credentials. To an endpoint without encryption nobody says who he is. */
import type { BigQueryOptions } from '@google-cloud/bigquery';
import { GoogleAuth } from 'google-auth-library';
import { AttacheError } from '../../errors/attache-error.ts';
import type { SourceContext } from '../source-context.ts';
import { isPlaintext } from './endpoint.ts';
import type { Settings } from './settings.ts';

/** What Google's libraries take; empty for application default credentials. */
export interface Identity {
  credentials?: { client_email?: string; private_key?: string };
  keyFilename?: string;
}

export function identityOf({ settings, secret }: Pick<SourceContext<Settings>, 'settings' | 'secret'>): Identity {
  if (settings.credentials_env !== undefined)
    return { credentials: parseKey(secret(settings.credentials_env), settings.credentials_env) };
  if (settings.credentials_file !== undefined) return { keyFilename: settings.credentials_file };
  return {};
}

/** Who a key in the environment belongs to; null for what is looked up elsewhere, and where nobody says who he is. */
export function keyOwner(context: Pick<SourceContext<Settings>, 'settings' | 'secret'>): string | null {
  if (isPlaintext(context.settings.api_endpoint)) return null;
  return identityOf(context).credentials?.client_email ?? null;
}

/** How the source says who it is, for people. */
export function identityText({ credentials_env, credentials_file }: Settings): string {
  if (credentials_env !== undefined) return `the key in ${credentials_env}`;
  if (credentials_file !== undefined) return `the key file ${credentials_file}`;
  return 'application default credentials (GOOGLE_APPLICATION_CREDENTIALS, gcloud’s own, then the metadata server)';
}

/** A client of Google's finds and sends default credentials also where it should not, unless it is given somebody who has none. */
export const nobody = {
  // Without it the client asks the network which Google this is.
  universeDomain: 'googleapis.com',
  getRequestHeaders: async () => new Headers(),
} as unknown as NonNullable<BigQueryOptions['authClient']>;

const scopes = ['https://www.googleapis.com/auth/bigquery'];

/** Who we are in front of a call to `url`, as headers; a token is fetched when there is none that still lives. */
export function signedHeaders(
  context: Pick<SourceContext<Settings>, 'settings' | 'secret'>,
  url: string,
): () => Promise<Headers> {
  const auth = new GoogleAuth({ ...identityOf(context), scopes });
  // A service account signs its token itself, which saves a round trip.
  auth.useJWTAccessWithScope = true;
  return () => auth.getRequestHeaders(url);
}

function parseKey(text: string, variable: string): NonNullable<Identity['credentials']> {
  try {
    const key = JSON.parse(text) as NonNullable<Identity['credentials']>;
    if (typeof key.client_email === 'string' && typeof key.private_key === 'string') return key;
  } catch {
    // Said below, without the text: it is a secret.
  }
  throw new AttacheError('settings_invalid', {
    message: `${variable} does not hold the JSON of a service account’s key.`,
    hint: `Put the whole content of the key file into ${variable}, with client_email and private_key.`,
  });
}
