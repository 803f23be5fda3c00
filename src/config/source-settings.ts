/** Checks the settings of a source with its connector's schema and knows which of them are paths, secrets, or names of secrets. */
import { resolve } from 'node:path';
import type { z } from 'zod';
import { loadConnector } from '../connectors/catalogue.ts';
import { pathSettings } from '../connectors/file-path.ts';
import { secretSettings } from '../connectors/secret.ts';
import type { Environment } from '../environment/environment.ts';
import { type AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { explainIssue, type SettingFault } from './explain-issue.ts';
import { innermost, shapeOf } from './schema-shape.ts';
import type { SourceConfig } from './shapes.ts';

export interface CheckedSettings {
  settings: Record<string, unknown>;
  faults: SettingFault[];
}

/** The settings with defaults filled in and paths made absolute, and every fault found. */
export async function checkSourceSettings(
  type: string,
  settings: Record<string, unknown>,
  directory: string,
): Promise<CheckedSettings> {
  let schema: z.ZodType;
  try {
    schema = (await loadConnector(type)).settings;
  } catch (thrown) {
    const error: AttacheError = toAttacheError(thrown);
    return { settings, faults: [{ path: ['type'], message: `${error.message} ${error.hint ?? ''}`.trim() }] };
  }
  const parsed = schema.safeParse(settings, { reportInput: true });
  if (!parsed.success) return { settings, faults: parsed.error.issues.flatMap((issue) => explainIssue(issue, schema)) };
  const checked = parsed.data as Record<string, unknown>;
  const paths = markedKeys(schema, pathSettings);
  return {
    settings: Object.fromEntries(
      Object.entries(checked).map(([key, value]) => [
        key,
        paths.has(key) && typeof value === 'string' ? resolve(directory, value) : value,
      ]),
    ),
    faults: [],
  };
}

/** Values of the environment variables that the settings name: keys ending in `_env` hold one name or a list of them. */
export function namedSecrets(source: SourceConfig, environment: Environment): Record<string, string> {
  const names = Object.entries(source.settings).flatMap(([key, value]) => (key.endsWith('_env') ? [value].flat() : []));
  return Object.fromEntries(
    names.flatMap((name) => (typeof name === 'string' && environment[name] ? [[name, environment[name]]] : [])),
  );
}

/** The settings with secret values replaced by `***`. */
export async function maskedSettings(source: SourceConfig): Promise<Record<string, unknown>> {
  const secrets = markedKeys((await loadConnector(source.type)).settings, secretSettings);
  return Object.fromEntries(
    Object.entries(source.settings).map(([key, value]) => [
      key,
      secrets.has(key) && value !== undefined ? '***' : value,
    ]),
  );
}

/** Secret values that stand in the settings themselves. */
export async function inlineSecrets(source: SourceConfig): Promise<string[]> {
  const secrets = markedKeys((await loadConnector(source.type)).settings, secretSettings);
  return Object.entries(source.settings).flatMap(([key, value]) =>
    secrets.has(key) && typeof value === 'string' ? [value] : [],
  );
}

/** Keys of an object schema whose innermost type is in a registry. */
function markedKeys(schema: z.ZodType, registry: { has(schema: z.ZodString): boolean }): Set<string> {
  const shape = shapeOf(schema);
  return new Set(
    Object.entries(shape).flatMap(([key, type]) => (registry.has(innermost(type) as z.ZodString) ? [key] : [])),
  );
}
