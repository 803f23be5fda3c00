/** The objects of all three clouds: files on disk with the hashes a cloud would report. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { FileProvider } from '../world.ts';
import { crc32cUpdate } from './crc32c.ts';

export interface StoredObject {
  provider: FileProvider;
  /** S3 or GCS bucket, Azure container. */
  bucket: string;
  key: string;
  path: string;
  size: number;
  md5: Buffer;
  crc32c: number;
  createdMs: number;
  role: 'manifest' | 'slice';
  contentType: string;
}

export class ObjectStore {
  readonly #objects = new Map<string, StoredObject>();

  async put(object: Omit<StoredObject, 'size' | 'md5' | 'crc32c'>): Promise<StoredObject> {
    const md5 = createHash('md5');
    let crc = 0;
    for await (const chunk of createReadStream(object.path)) {
      md5.update(chunk as Buffer);
      crc = crc32cUpdate(crc, chunk as Buffer);
    }
    const stored = { ...object, size: statSync(object.path).size, md5: md5.digest(), crc32c: crc };
    this.#objects.set(address(object.provider, object.bucket, object.key), stored);
    return stored;
  }

  get(provider: FileProvider, bucket: string, key: string): StoredObject | undefined {
    return this.#objects.get(address(provider, bucket, key));
  }

  list(provider: FileProvider, bucket: string, prefix: string): StoredObject[] {
    return [...this.#objects.values()]
      .filter((object) => object.provider === provider && object.bucket === bucket && object.key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

function address(provider: FileProvider, bucket: string, key: string): string {
  return `${provider}\n${bucket}\n${key}`;
}
