/** Custom fields as one JSON column: filled ones by id, their values as plain as their kind allows. */
import { isDeeper, withWholeCharacters } from '../json-text.ts';
import { asList, asObject, type JsonObject, member, textAt } from './json.ts';
import { adfToText } from './text/adf-to-text.ts';
import { redactUrls } from './text/redact-urls.ts';
import { momentText, readMoment } from './times.ts';

export interface CustomFields {
  /** JSON text with sorted ids. */
  text: string;
  /** A value was left out. */
  isMisfit: boolean;
}

/** `except`: fields with columns of their own. A value that no reader of JSON could hold is left out, and its issue stays. */
export function customFields(fields: JsonObject, except: ReadonlySet<string>): CustomFields {
  // Most are empty on most issues: they go before anything is sorted.
  const ids = Object.keys(fields).filter(
    (id) => fields[id] !== null && id.startsWith('customfield_') && !except.has(id),
  );
  const fitting = ids.filter((id) => isDocument(fields[id]) || !isDeeper(fields[id]));
  const filled = fitting.sort().flatMap((id) => {
    const value = plain(fields[id]);
    return value === null || value === undefined ? [] : [[id, value] as const];
  });
  return {
    text: withWholeCharacters(JSON.stringify(Object.fromEntries(filled))),
    isMisfit: fitting.length < ids.length,
  };
}

/** Options become their text, people their account id, moments UTC, documents text; anything else stays. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'string') return momentText(readMoment(value)) ?? redactUrls(value);
  const object = asObject(value);
  if (object === null) return value;
  if (isDocument(object)) return redactUrls(adfToText(object));
  if (Object.hasOwn(object, 'value') && Object.hasOwn(object, 'id')) return option(object);
  if (Object.hasOwn(object, 'displayName'))
    return textAt(object, 'accountId') ?? textAt(object, 'key') ?? textAt(object, 'name');
  return object;
}

/** Its text is read without a call stack. */
function isDocument(value: unknown): value is JsonObject {
  return asObject(value)?.type === 'doc';
}

/** Of a cascading choice both steps. */
function option(object: JsonObject): unknown {
  const child = asObject(object.child);
  return child === null ? object.value : `${String(object.value)} > ${String(child.value)}`;
}

/** Ids of the sprints in a sprint field: objects on Cloud, the text form of a Java object on Server. Null when it is no such field. */
export function sprintIds(value: unknown): string[] | null {
  const list = asList(value);
  const ids = list.map((one) => {
    if (typeof one === 'string') return /^com\.atlassian\.greenhopper\..*?[[,]id=(\d+)/.exec(one)?.[1] ?? null;
    const isSprint =
      asObject(one) !== null && member(one, 'state') !== undefined && member(one, 'boardId') !== undefined;
    return isSprint ? textAt(one, 'id') : null;
  });
  return ids.length > 0 && ids.every((id) => id !== null) ? (ids as string[]) : null;
}
