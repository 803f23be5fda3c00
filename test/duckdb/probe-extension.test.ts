import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DriverIdentity, driverIdentity } from '../../src/duckdb/driver-identity.ts';
import { explainProbe, extensionPath, probeExtension } from '../../src/duckdb/probe-extension.ts';
import { extensionFile } from '../helpers/extension-file.ts';

let directory: string;
let here: DriverIdentity;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'da-probe-extension-'));
  here = await driverIdentity();
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function lay(path: string, content: Buffer | string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

describe('the probe of an extension', () => {
  it('finds a fitting file where DuckDB looks, under the name of the file for `postgres`', async () => {
    const path = await lay(extensionPath(directory, 'postgres_scanner', here), extensionFile(here));
    const probe = await probeExtension('postgres', ['/nowhere', directory]);
    expect(probe).toMatchObject({ name: 'postgres_scanner', status: 'available', path, builtFor: here });
    expect(probe.lookedIn).toEqual([extensionPath('/nowhere', 'postgres_scanner', here), path]);
  });

  it('knows what is built in', async () => {
    expect(await probeExtension('json', [])).toMatchObject({ status: 'builtin' });
  });

  it('names every place it looked in when nothing is there, and says when there is no place', async () => {
    const probe = await probeExtension('postgres', [directory]);
    expect(probe).toMatchObject({ status: 'missing', path: null });
    expect(explainProbe(probe)).toContain(extensionPath(directory, 'postgres_scanner', here));
    expect(explainProbe(await probeExtension('postgres', []))).toContain('extension_directories is empty');
  });

  it('says for which version a file was built, wherever below the folder it lies', async () => {
    const path = await lay(
      extensionPath(directory, 'postgres_scanner', { ...here, version: 'v1.4.0' }),
      extensionFile({ ...here, version: 'v1.4.0' }),
    );
    const probe = await probeExtension('postgres', [directory]);
    expect(probe).toMatchObject({ status: 'wrong_version', path, builtFor: { version: 'v1.4.0' } });
    expect(explainProbe(probe)).toContain(`${path} was built for DuckDB v1.4.0`);
  });

  it('says for which platform a file was built', async () => {
    await lay(extensionPath(directory, 'postgres_scanner', here), extensionFile({ ...here, platform: 'osx_arm64' }));
    expect(await probeExtension('postgres', [directory])).toMatchObject({
      status: 'wrong_platform',
      builtFor: { platform: 'osx_arm64' },
    });
  });

  it('takes a file for a stable C interface of an older version', async () => {
    await lay(extensionPath(directory, 'quack', here), extensionFile({ ...here, version: 'v1.2.0', abi: 'C_STRUCT' }));
    expect(await probeExtension('quack', [directory])).toMatchObject({ status: 'available' });
  });

  it('sees a file without a signature, and a file that is none', async () => {
    const path = extensionPath(directory, 'postgres_scanner', here);
    await lay(path, extensionFile({ ...here, signed: false }));
    expect(await probeExtension('postgres', [directory])).toMatchObject({ status: 'unsigned', path });
    await lay(path, '<html>503</html>');
    expect(await probeExtension('postgres', [directory])).toMatchObject({ status: 'corrupt', path, builtFor: null });
    await lay(path, gzipSync(extensionFile(here)));
    expect(explainProbe(await probeExtension('postgres', [directory]))).toContain('packed');
  });

  it('points at a fitting file that lies beside the place where DuckDB looks', async () => {
    const path = await lay(join(directory, 'postgres_scanner.duckdb_extension'), extensionFile(here));
    const probe = await probeExtension('postgres', [directory]);
    expect(probe).toMatchObject({ status: 'missing', path });
    expect(explainProbe(probe)).toContain('DuckDB looks for');
  });

  it('prefers what fits to what does not', async () => {
    await lay(extensionPath(directory, 'postgres_scanner', here), '<html>');
    const other = join(directory, 'other');
    const path = await lay(extensionPath(other, 'postgres_scanner', here), extensionFile(here));
    expect(await probeExtension('postgres', [directory, other])).toMatchObject({ status: 'available', path });
  });

  it('refuses a name that could leave the folder', async () => {
    await expect(probeExtension('../../etc/passwd', [directory])).rejects.toMatchObject({ code: 'name_invalid' });
  });
});
