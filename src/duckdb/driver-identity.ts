/** Which DuckDB this is: an extension fits one version on one platform. */
import { probe } from './probe.ts';

export interface DriverIdentity {
  /** e.g. `v1.5.5`. */
  version: string;
  /** e.g. `linux_amd64`. */
  platform: string;
}

let known: Promise<DriverIdentity> | undefined;

/** Asked once for a process. */
export function driverIdentity(): Promise<DriverIdentity> {
  known ??= probe(async (session) => {
    const version = await session.first<{ version: string }>('SELECT version() AS version');
    const platform = await session.first<{ platform: string }>('PRAGMA platform');
    return { version: version!.version, platform: platform!.platform };
  });
  return known;
}
