/** The original form of the configuration, `data_source: keboola` with the source's settings under its own name, brought into the general form. Pure. */

export interface Normalised {
  content: Record<string, unknown>;
  /** Where a path of the general form stands in the file. */
  original(keys: readonly PropertyKey[]): readonly PropertyKey[];
}

export function normaliseShorthand(content: Record<string, unknown>): Normalised {
  const { data_source: type, ...rest } = content;
  if (typeof type !== 'string') return { content, original: (keys) => keys };
  const { [type]: settings, ...general } = rest;
  const sources = (general.sources ?? {}) as Record<string, unknown>;
  return {
    content: { ...general, sources: { [type]: { type, ...(settings as object | undefined) }, ...sources } },
    original: (keys) =>
      keys[0] === 'sources' && keys[1] === type && !(type in sources)
        ? keys[2] === 'type'
          ? ['data_source']
          : [type, ...keys.slice(2)]
        : keys,
  };
}
