/** Files that look like DuckDB extensions from behind: any version, platform and signature, and no code. */
import { randomBytes } from 'node:crypto';

export interface ExtensionFacts {
  version: string;
  platform: string;
  signed?: boolean;
  abi?: string;
}

/** Nothing that DuckDB would load: the signature is noise. */
export function extensionFile({ version, platform, signed = true, abi = 'CPP' }: ExtensionFacts): Buffer {
  const footer = Buffer.alloc(512);
  [abi, 'abc1234', version, platform, '4'].forEach((text, index) => {
    footer.write(text, (3 + index) * 32, 'latin1');
  });
  if (signed) randomBytes(256).copy(footer, 256);
  return Buffer.concat([randomBytes(2_000), footer]);
}
