/** Objects in Azure Blob Storage under a shared access signature. */
import { AttacheError } from '../../../errors/attache-error.ts';
import type { FileAnswer } from '../api/shapes.ts';
import { encodedKey, foreignEntry, type ObjectStore } from './object-store.ts';

export function azureStore({ absPath, absCredentials }: FileAnswer): ObjectStore | null {
  if (!absPath || !absCredentials) return null;
  const { container, name } = absPath;
  const { endpoint, signature } = connectionOf(absCredentials.SASConnectionString);
  return {
    key: name,
    keyOf: (entry) => {
      const [, host = '', named, rest] = /^(?:azure|https):\/\/([^/]+)\/([^/]+)\/(.+)$/.exec(entry) ?? [];
      // The entry names the public host of the account also where the endpoint is another one.
      const sameAccount = host === endpoint.host || host.split('.')[0] === accountOf(endpoint);
      if (!sameAccount || named !== container || rest === undefined)
        throw foreignEntry(entry, `the container ${container} of ${accountOf(endpoint)}`);
      return rest;
    },
    signed: async (object, headers) => ({
      url: `${endpoint.href.replace(/\/+$/, '')}/${encodeURIComponent(container)}/${encodedKey(object)}?${signature}`,
      headers: { ...headers, 'x-ms-version': '2020-10-02' },
    }),
    expiresAt: absCredentials.expiration ? Date.parse(absCredentials.expiration) : null,
  };
}

function connectionOf(text: string): { endpoint: URL; signature: string } {
  const fields = new Map(
    text.split(';').flatMap((field): [string, string][] => {
      const at = field.indexOf('=');
      return at < 0 ? [] : [[field.slice(0, at), field.slice(at + 1)]];
    }),
  );
  const [endpoint, signature] = [fields.get('BlobEndpoint'), fields.get('SharedAccessSignature')];
  if (endpoint !== undefined && signature !== undefined && URL.canParse(endpoint))
    return { endpoint: new URL(endpoint), signature: signature.replace(/^\?/, '') };
  throw new AttacheError('source_failed', {
    message: 'The stack’s connection string for Azure lacks BlobEndpoint or SharedAccessSignature.',
  });
}

/** First label of the host, or the path of a service that carries accounts in paths. */
function accountOf(endpoint: URL): string {
  const path = endpoint.pathname.replace(/^\/|\/+$/g, '');
  return path === '' ? (endpoint.hostname.split('.')[0] ?? '') : path;
}
