/** The project's own TLS modes as options of Node's TLS, because drivers and libpq read the usual words differently. */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { AttacheError } from '../../errors/attache-error.ts';
import { type Address, isLoopback } from './address.ts';
import type { Settings, TlsMode } from './settings.ts';

/** The mode in force: the setting, else the URL's `sslmode`, else none on this machine and full verification everywhere else. */
export function tlsMode(address: Address, settings: Pick<Settings, 'tls'>): TlsMode {
  if (address.host.startsWith('/')) return 'disable';
  return settings.tls ?? address.tls ?? (isLoopback(address.host) ? 'disable' : 'verify-full');
}

export async function tlsOptions(mode: TlsMode, ca: string | undefined): Promise<ConnectionOptions | false> {
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  const authority = ca === undefined ? {} : { ca: await certificate(ca) };
  if (mode === 'verify-full') return { ...authority, rejectUnauthorized: true };
  return { ...authority, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

async function certificate(textOrPath: string): Promise<string> {
  if (textOrPath.includes('-----BEGIN')) return textOrPath;
  try {
    return await readFile(textOrPath, 'utf8');
  } catch (cause) {
    throw new AttacheError('settings_invalid', {
      message: `The certificate authority cannot be read from ${textOrPath}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Set `ca` to the path of a PEM file, or to its text.',
      cause,
    });
  }
}
