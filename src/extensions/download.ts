/** Fetches an extension from DuckDB's own repository, or from a mirror of it, when somebody asks for that. */
import { EnvHttpProxyAgent, request } from 'undici';
import type { DriverIdentity } from '../duckdb/driver-identity.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { type BroughtExtension, unpackDownload } from './unpack.ts';

export const duckdbRepository = 'https://extensions.duckdb.org';

const mostBytes = 256 << 20;
const silenceMs = 20_000;

/** Throws `unreachable` with the way without a network. */
export async function downloadExtension(
  name: string,
  repository: string,
  needs: DriverIdentity,
  signal: AbortSignal,
): Promise<BroughtExtension> {
  const address = `${repository.replace(/\/+$/, '')}/${needs.version}/${needs.platform}/${name}.duckdb_extension.gz`;
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: silenceMs } });
  try {
    const { statusCode, body } = await request(address, {
      dispatcher,
      signal,
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
    });
    if (statusCode !== 200) {
      await body.dump();
      throw statusCode === 404 || statusCode === 403
        ? notOffered(name, address, needs)
        : unreachable(name, address, `it answered ${statusCode}`, needs);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw unreachable(name, address, `it sent more than ${mostBytes} bytes`, needs);
      chunks.push(chunk);
    }
    return unpackDownload(name, Buffer.concat(chunks), address);
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof AttacheError) throw thrown;
    throw unreachable(
      name,
      address,
      (thrown as Error).message || String((thrown as { code?: string }).code),
      needs,
      thrown,
    );
  } finally {
    await dispatcher.destroy();
  }
}

function notOffered(name: string, address: string, { version, platform }: DriverIdentity): AttacheError {
  return new AttacheError('not_found', {
    message: `${address} does not exist: the repository has no ${name} for DuckDB ${version} on ${platform}.`,
    hint: 'Check the name; DuckDB’s own extensions are listed at https://duckdb.org/docs/extensions/core_extensions.',
  });
}

function unreachable(
  name: string,
  address: string,
  reason: string,
  { version, platform }: DriverIdentity,
  cause?: unknown,
): AttacheError {
  const wheel = `pip download --no-deps duckdb-extension-${name.replaceAll('_', '-')}==${version.replace(/^v/, '')}`;
  return new AttacheError('unreachable', {
    message: `${address} could not be fetched: ${reason}.`,
    hint: `Without a network: on a connected machine (${platform}) run \`${wheel}\`, carry the wheel here, and run \`da extensions install --from FILE.whl\`.`,
    retryable: true,
    cause,
  });
}
