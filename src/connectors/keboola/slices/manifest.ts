/** Which objects a file consists of: its own, or those of its manifest, without doubles and in natural order. */
import { AttacheError } from '../../../errors/attache-error.ts';
import { brokenConnection } from '../api/explain-answer.ts';
import { Passing, withPatience } from '../api/patience.ts';
import { type FileAnswer, manifestAnswer } from '../api/shapes.ts';
import { type Cloud, getObject } from '../clouds/get-object.ts';
import type { Limits } from '../settings.ts';

export interface SliceEntry {
  key: string;
  mandatory: boolean;
}

const largestManifest = 64 * 1024 * 1024;

export async function listSlices(cloud: Cloud, file: FileAnswer, limits: Limits): Promise<SliceEntry[]> {
  const { key } = await cloud.credentials.current();
  if (file.isSliced === false) return [{ key, mandatory: true }];
  const text = await withPatience({ limits, signal: cloud.signal }, () => readManifest(cloud, `${key}manifest`));
  const store = await cloud.credentials.current();
  const entries = new Map<string, SliceEntry>();
  for (const { url, mandatory } of text.entries) {
    const slice = store.keyOf(url);
    entries.set(slice, { key: slice, mandatory: mandatory !== false || entries.get(slice)?.mandatory === true });
  }
  const collator = new Intl.Collator('en', { numeric: true });
  return [...entries.values()].sort((a, b) => collator.compare(a.key, b.key) || (a.key < b.key ? -1 : 1));
}

async function readManifest(
  cloud: Cloud,
  key: string,
): Promise<{ entries: { url: string; mandatory?: boolean | null | undefined }[] }> {
  const { body } = await getObject(cloud, key);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += (chunk as Buffer).length;
      if (length > largestManifest) break;
      chunks.push(chunk as Buffer);
    }
  } catch (thrown) {
    cloud.signal.throwIfAborted();
    throw brokenConnection(`Fetching ${key}`, thrown);
  }
  try {
    return manifestAnswer.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch (cause) {
    throw new Passing(
      new AttacheError('integrity', {
        message: `The manifest ${key} cannot be read.`,
        hint: 'The table keeps its data; the next run exports it again.',
        retryable: true,
        cause,
      }),
    );
  }
}
