/** The last 512 bytes of a DuckDB extension: what it was built for, and whether it is signed. Pure. */

export const footerBytes = 512;

export interface ExtensionFooter {
  /** DuckDB's version, e.g. `v1.5.5`; for `C_STRUCT` the oldest C interface it needs. */
  version: string;
  /** e.g. `linux_amd64`. */
  platform: string;
  /** The extension's own version. */
  extensionVersion: string;
  /** `CPP` and `C_STRUCT_UNSTABLE` fit one DuckDB version exactly; `C_STRUCT` fits later ones too. */
  abi: string;
  /** A signature is there; whether it is right, only loading tells. */
  signed: boolean;
}

const fieldBytes = 32;
const magic = '4';

/** Reads the end of a file; null when it is not the end of an extension. Eight fields lie in reversed order before the signature. */
export function readFooter(end: Buffer): ExtensionFooter | null {
  if (end.length < footerBytes) return null;
  const footer = end.subarray(end.length - footerBytes);
  const field = (position: number) => {
    const bytes = footer.subarray((7 - position) * fieldBytes, (8 - position) * fieldBytes);
    const zero = bytes.indexOf(0);
    return bytes.toString('latin1', 0, zero === -1 ? fieldBytes : zero);
  };
  const [mark, platform, version, extensionVersion, abi] = [field(0), field(1), field(2), field(3), field(4)];
  if (mark !== magic || !/^[\w.-]+$/.test(platform) || !/^[\w.-]+$/.test(version)) return null;
  return {
    version,
    platform,
    extensionVersion,
    abi: abi === '' ? 'CPP' : abi,
    signed: footer.subarray(8 * fieldBytes).some((byte) => byte !== 0),
  };
}
