/** The original form of the configuration, `data_source: keboola` with the source's settings under its own name, brought into the general form. Pure. */
import type { SettingFault } from './explain-issue.ts';

export interface Normalised {
  content: Record<string, unknown>;
  /** Where a path of the general form stands in the file. */
  original(keys: readonly PropertyKey[]): readonly PropertyKey[];
  /** What does not fit the original form, by its place in the file. */
  faults: SettingFault[];
}

export function normaliseShorthand(file: Record<string, unknown>): Normalised {
  // A section whose keys are all commented out says nothing.
  const content = Object.fromEntries(
    Object.entries(file).filter(([key, value]) => key === 'data_source' || value !== null),
  );
  if (!('data_source' in content)) return { content, original: (keys) => keys, faults: [] };
  const { data_source: type, ...rest } = content;
  if (typeof type !== 'string') return refused(rest, ['data_source'], 'expected the type of the source, e.g. keboola');
  const { [type]: settings, ...general } = Object.hasOwn(rest, type) ? rest : { ...rest, [type]: undefined };
  if (settings !== undefined && !isSection(settings))
    return refused(general, [type], 'expected the settings of the source, each with its key');
  if (general.sources !== undefined && !isSection(general.sources))
    return { content: general, original: (keys) => keys, faults: [] };
  if (general.sources !== undefined && Object.hasOwn(general.sources, type)) {
    const message = `the source ${type} is configured here and under sources; keep one of them`;
    return refused(general, ['data_source'], message);
  }
  return {
    content: { ...general, sources: { [type]: { ...settings, type }, ...general.sources } },
    original: (keys) => {
      if (keys[0] !== 'sources' || keys[1] !== type) return keys;
      return settings === undefined || keys[2] === 'type' ? ['data_source'] : [type, ...keys.slice(2)];
    },
    faults: [],
  };
}

/** Whether a value holds keys and values. */
export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(content: Record<string, unknown>, path: string[], message: string): Normalised {
  return { content, original: (keys) => keys, faults: [{ path, message: `${path.join('.')}: ${message}` }] };
}
