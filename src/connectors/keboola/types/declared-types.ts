/** What a column is declared as: by the definition of a typed table, else by what providers claim in metadata. Pure. */
import type { Metadata, TableAnswer } from '../api/shapes.ts';

export interface DeclaredType {
  /** In capitals, of Snowflake or BigQuery, or one of Keboola's base types. */
  name: string;
  length: string | null;
  /** Only claimed by metadata, so that values may be anything. */
  isClaim: boolean;
  /** The base type claimed beside a name that may be that of any database a component reads. */
  base?: string;
}

interface Declared {
  type: DeclaredType | null;
  nullable: boolean;
  canBeFiltered: boolean;
}

export function declaredTypes(answer: TableAnswer): Map<string, Declared> {
  const definition = answer.definition ?? answer.sourceTable?.definition;
  const [own, ofSource] = [answer.columnMetadata, answer.sourceTable?.columnMetadata ?? {}];
  const declared = new Map<string, Declared>(
    Object.keys({ ...ofSource, ...own }).map((name) => [
      name,
      // An alias may describe a column and still leave its type to the table behind it.
      {
        type: claimedType(own[name] ?? []) ?? claimedType(ofSource[name] ?? []),
        nullable: true,
        canBeFiltered: true,
      },
    ]),
  );
  for (const { name, definition: type, canBeFiltered } of definition?.columns ?? []) {
    declared.set(name, {
      type: { name: type.type.toUpperCase(), length: type.length == null ? null : String(type.length), isClaim: false },
      nullable: type.nullable !== false,
      canBeFiltered: canBeFiltered !== false,
    });
  }
  return declared;
}

const prefix = 'KBC.datatype.';

/** Of several providers the most deliberate one speaks alone: what it does not say is not filled in from another. */
function claimedType(metadata: readonly Metadata[]): DeclaredType | null {
  const byProvider = new Map<string, Map<string, Metadata>>();
  for (const entry of metadata) {
    if (!entry.key.startsWith(prefix) || entry.value === '') continue;
    const facts = byProvider.get(entry.provider ?? '') ?? new Map<string, Metadata>();
    byProvider.set(entry.provider ?? '', facts);
    const known = facts.get(entry.key);
    if (known === undefined || timeOf(known) <= timeOf(entry)) facts.set(entry.key, entry);
  }
  const speaking = [...byProvider]
    .filter(([, facts]) => facts.has(`${prefix}type`) || facts.has(`${prefix}basetype`))
    .sort(([a, left], [b, right]) => rankOf(a) - rankOf(b) || latest(right) - latest(left));
  const facts = speaking[0]?.[1];
  if (facts === undefined) return null;
  const value = (key: string) => facts.get(`${prefix}${key}`)?.value ?? null;
  const [name, base] = [value('type'), value('basetype')];
  return {
    name: String(name ?? base).toUpperCase(),
    length: value('length'),
    isClaim: true,
    ...(name === null || base === null ? {} : { base: base.toUpperCase() }),
  };
}

function rankOf(provider: string): number {
  if (provider === 'user') return 0;
  if (provider === 'ai-metadata-enrichment') return 1;
  if (/transformation/.test(provider)) return 2;
  return provider === 'storage' ? 3 : 4;
}

function latest(facts: ReadonlyMap<string, Metadata>): number {
  return Math.max(...[...facts.values()].map(timeOf));
}

function timeOf({ timestamp }: Metadata): number {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? 0 : time;
}
