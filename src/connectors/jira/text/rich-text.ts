/** A text field in whichever form it came: markup as Jira's bodies write it, and plain text to search and read. */
import { asObject } from '../json.ts';
import { adfToText } from './adf-to-text.ts';
import { redactUrls } from './redact-urls.ts';
import { wikiToText } from './wiki-to-text.ts';

export interface RichText {
  /** Wiki markup as it stands; of a document its plain text. */
  markup: string | null;
  plain: string | null;
}

export function richText(value: unknown): RichText {
  if (typeof value === 'string') {
    const markup = redactUrls(value);
    return { markup, plain: wikiToText(markup) };
  }
  if (asObject(value) === null) return { markup: null, plain: null };
  const plain = redactUrls(adfToText(value));
  return { markup: plain, plain };
}
