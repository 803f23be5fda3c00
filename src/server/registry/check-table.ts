/** Turns what a person says about a table into a registry row, or into every fault of it at once. */
import type { z } from 'zod';
import type { InstanceConfig, SourceConfig } from '../../config/shapes.ts';
import { loadConnector } from '../../connectors/catalogue.ts';
import type { Connector } from '../../connectors/connector.ts';
import { strategyFaults } from '../../connectors/strategy-rules.ts';
import { tableOptions } from '../../connectors/table-options.ts';
import { deriveTableId, identityFault } from '../../contract/identity.ts';
import { AttacheError, type Fault } from '../../errors/attache-error.ts';
import { tableRequest } from '../../sync/table-request.ts';
import type { RegisteredTable } from '../../system/table-registry.ts';
import { faultsOf } from '../faults.ts';
import { newTable } from './registration.ts';

export interface CheckedTable {
  table: Omit<RegisteredTable, 'registered_by' | 'registered_at'>;
  source: SourceConfig;
  connector: Connector;
}

/** Throws `settings_invalid` with all faults. */
export async function checkTable(said: unknown, config: InstanceConfig): Promise<CheckedTable> {
  const shape = newTable.safeParse(said);
  const draft = (typeof said === 'object' && said !== null ? said : {}) as Partial<Record<string, unknown>>;
  const faults: Fault[] = shape.success ? [] : faultsOf(shape.error);
  const id = chooseId(draft, faults);
  const source = findSource(draft, config, faults);
  const connector = source === null ? null : await loadConnector(source.type);
  if (connector !== null) faults.push(...optionFaults(draft, connector));
  faults.push(...withoutEffect(draft, connector));
  if (source !== null && connector !== null) {
    const sound = newTable.safeParse(withoutFaulty(draft, faults));
    const table = sound.success ? asRow(id, sound.data, source, connector) : null;
    if (table !== null) faults.push(...newFaults(strategyFaults(tableRequest(table), connector.serves, null), faults));
    if (table !== null && faults.length === 0) return { table, source, connector };
  }
  throw cannotBeRegistered(faults);
}

/** A draft without what is faulty, so that the rest can be judged too. */
function withoutFaulty(draft: Partial<Record<string, unknown>>, faults: readonly Fault[]): object {
  const faulty = new Set(faults.map((fault) => fault.pointer.split('/', 3).join('/')));
  const sound = (fields: object, at: string) =>
    Object.fromEntries(Object.entries(fields).filter(([field]) => !faulty.has(`${at}/${field}`)));
  const rest = sound({ ...draft, sync_schedule: null }, '');
  const options = typeof rest.options === 'object' && rest.options !== null ? sound(rest.options, '/options') : null;
  return { name: 'unnamed', source_table: 'unknown', ...rest, options };
}

/** Those that are no consequence of a fault already told: a strategy nobody knows, a cursor that is no text. */
function newFaults(found: readonly Fault[], told: readonly Fault[]): Fault[] {
  if (told.some((fault) => fault.pointer === '/sync_strategy')) return [];
  return found.filter((fault) => !told.some(({ pointer }) => pointer.startsWith(fault.pointer)));
}

export function cannotBeRegistered(faults: Fault[]): AttacheError {
  return new AttacheError('settings_invalid', {
    message: `The table cannot be registered: ${faults.map((fault) => `${fault.pointer} ${fault.message}`).join('; ')}`,
    hint: 'Correct what is named and send it again. Nothing was stored.',
    faults,
  });
}

function chooseId(draft: Partial<Record<string, unknown>>, faults: Fault[]): string {
  if (typeof draft.id === 'string') {
    const id = draft.id.trim();
    const fault = identityFault(id);
    if (fault !== null) faults.push({ pointer: '/id', message: `It cannot be used: ${fault}.` });
    return id;
  }
  if ((draft.id ?? null) !== null || typeof draft.name !== 'string' || draft.name.trim() === '') return '';
  if (faults.some((fault) => fault.pointer === '/name')) return '';
  try {
    return deriveTableId(draft.name);
  } catch (thrown) {
    const { message, hint } = thrown as AttacheError;
    faults.push({ pointer: '/name', message: `${message} ${hint ?? ''}`.trim() });
    return '';
  }
}

function findSource(
  draft: Partial<Record<string, unknown>>,
  config: InstanceConfig,
  faults: Fault[],
): SourceConfig | null {
  const given = [draft.source_name, draft.source_type].map((value) => (typeof value === 'string' ? value.trim() : ''));
  const [name, type] = given as [string, string];
  const wanted = name || type;
  const pointer = name === '' && type !== '' ? '/source_type' : '/source_name';
  if (wanted === '') {
    faults.push({ pointer, message: `Say where the table comes from. ${knownSources(config)}` });
    return null;
  }
  const source = config.sources.get(wanted) ?? (name === '' ? onlyOfType(config, type) : undefined);
  if (source === undefined) {
    faults.push({ pointer, message: `No source ${JSON.stringify(wanted)} is configured. ${knownSources(config)}` });
    return null;
  }
  if (name !== '' && type !== '' && source.type !== type) {
    faults.push({ pointer: '/source_type', message: `The source ${name} has the type ${source.type}, not ${type}.` });
  }
  return source;
}

/** The one source of a type; with several of them a name is needed. */
function onlyOfType(config: InstanceConfig, type: string): SourceConfig | undefined {
  const found = [...config.sources.values()].filter((source) => source.type === type);
  return found.length === 1 ? found[0] : undefined;
}

function knownSources(config: InstanceConfig): string {
  const known = [...config.sources.values()].map((source) => `${source.name} (${source.type})`);
  return known.length === 0 ? 'No source is configured yet.' : `There are: ${known.join(', ')}.`;
}

/** A setting without effect is refused, not stored. */
function withoutEffect(
  { sync_schedule: schedule, bucket }: Partial<Record<string, unknown>>,
  connector: Connector | null,
): Fault[] {
  const faults: Fault[] = [];
  const say = (pointer: string, message: string) =>
    faults.push({ pointer, message: `It would have no effect: ${message}.` });
  if ((schedule ?? null) !== null) say('/sync_schedule', 'a table is synced at the interval of its source');
  if ((bucket ?? null) !== null && connector?.flat === true)
    say('/bucket', `a source of the type ${connector.type} has no schemas or buckets`);
  return faults;
}

function optionFaults(draft: Partial<Record<string, unknown>>, connector: Connector): Fault[] {
  if (typeof draft.options !== 'object' || draft.options === null) return [];
  const outcome = allOptions(connector).safeParse(draft.options);
  return outcome.success ? [] : faultsOf(outcome.error, '/options');
}

/** The options every table may have and those of its connector. */
export function allOptions(connector: Connector): z.ZodObject {
  return tableOptions.extend(connector.options.shape);
}

function asRow(
  id: string,
  said: z.infer<typeof newTable>,
  source: SourceConfig,
  connector: Connector,
): CheckedTable['table'] {
  return {
    id,
    name: said.name,
    source_type: source.type,
    source_name: source.name,
    bucket: said.bucket ?? null,
    source_table: said.source_table,
    sync_strategy: said.sync_strategy ?? 'full_refresh',
    query_mode: said.query_mode ?? 'local',
    sync_schedule: null,
    profile_after_sync: said.profile_after_sync ?? true,
    primary_key: columnList(said.primary_key ?? []),
    description: said.description || null,
    options: said.options ? (allOptions(connector).parse(said.options) as Record<string, unknown>) : {},
  };
}

function columnList(said: string | string[]): string[] {
  const names = typeof said === 'string' ? said.split(',') : said;
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
}
