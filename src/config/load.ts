/** Flags, environment and `instance.yaml` become one value: flags beat environment beat file beat defaults, and every fault is told at once. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseSize } from '../connectors/byte-size.ts';
import { databasePathFault } from '../contract/database-path.ts';
import { type Environment, environmentPaths } from '../environment/environment.ts';
import { AttacheError, type Fault } from '../errors/attache-error.ts';
import { explainIssue, type SettingFault } from './explain-issue.ts';
import { fileSchema } from './file-schema.ts';
import { type ConfigFile, noFile, readConfigFile } from './read-file.ts';
import type { InstanceConfig, SourceConfig } from './shapes.ts';
import { isSection, normaliseShorthand } from './shorthand.ts';
import { checkSourceSettings } from './source-settings.ts';
import { tableClashes } from './table-clashes.ts';

/** Flags of the command line that set a value of the configuration. */
export interface ConfigFlags {
  config?: string | undefined;
  dataDir?: string | undefined;
  host?: string | undefined;
  port?: string | number | undefined;
}

const flagPaths = {
  dataDir: ['data_dir', '--data-dir'],
  host: ['server.host', '--host'],
  port: ['server.port', '--port'],
} as const;

/** The configuration, or `config_invalid` with every fault: its place, what was expected, and an example. */
export async function loadConfig({
  flags,
  environment,
  cwd,
}: {
  flags: ConfigFlags;
  environment: Environment;
  cwd: string;
}): Promise<InstanceConfig> {
  const file = findFile(flags, environment, cwd);
  const base = file.path === null ? cwd : dirname(file.path);
  const { content, original, faults: shorthandFaults } = normaliseShorthand(file.content);
  const origins = new Map<string, string>();
  for (const path of leafPaths(content)) origins.set(path.join('.'), `file ${file.place(original(path))}`);
  const merged = structuredClone(content);
  for (const [variable, path] of Object.entries(environmentPaths))
    overlay(merged, origins, path, environment[variable], `environment ${variable}`);
  for (const [flag, [path, name]] of Object.entries(flagPaths))
    overlay(merged, origins, path, flags[flag as keyof ConfigFlags], `flag ${name}`);

  const parsed = fileSchema.safeParse(merged, { reportInput: true });
  const { sources, faults: sourceFaults } = await checkSources(merged, base);
  const found = [...(parsed.error?.issues ?? []).flatMap((issue) => explainIssue(issue, fileSchema)), ...sourceFaults];
  const faults = [
    ...shorthandFaults.map(({ path, message }) => ({ pointer: file.place(path), message })),
    ...found.map((fault) => placed(fault, file, original, origins)),
  ];
  const dataDirectory = resolve(origins.get('data_dir')?.startsWith('file') ? base : cwd, parsed.data?.data_dir ?? '');
  const unusable = databasePathFault(dataDirectory);
  if (unusable !== null) faults.push(placed({ path: ['data_dir'], message: unusable }, file, original, origins));
  if (faults.length > 0 || !parsed.success) throw invalid(file, faults);

  const value = parsed.data;
  return {
    instance: value.instance,
    dataDirectory,
    server: { host: value.server.host, port: value.server.port, publicUrl: value.server.public_url ?? null },
    sources,
    duckdb: {
      memoryLimit: value.duckdb.memory_limit,
      threads: value.duckdb.threads,
      extensionDirectories: value.duckdb.extension_directories.map((path) => resolve(base, path)),
    },
    scheduler: { intervalMs: value.scheduler.interval === 'off' ? null : value.scheduler.interval },
    limits: {
      extractMemoryBytes: parseSize(value.limits.extract_memory) as number,
      extractTimeMs: value.limits.extract_time,
      graceMs: value.limits.grace,
    },
    adminToken: environment.DA_ADMIN_TOKEN || null,
    origins,
  };
}

/** `--config`, `DA_CONFIG`, then `instance.yaml` in the working folder and in the data folder. */
function findFile(flags: ConfigFlags, environment: Environment, cwd: string): ConfigFile {
  const named = flags.config ?? environment.DA_CONFIG;
  if (named) return readConfigFile(resolve(cwd, named));
  const dataDirectory = flags.dataDir ?? environment.DA_DATA_DIR;
  const candidates = [
    resolve(cwd, 'instance.yaml'),
    ...(dataDirectory ? [resolve(cwd, dataDirectory, 'instance.yaml')] : []),
  ];
  const found = candidates.find((path) => existsSync(path));
  return found === undefined ? noFile : readConfigFile(found);
}

function overlay(
  target: Record<string, unknown>,
  origins: Map<string, string>,
  path: string,
  value: unknown,
  origin: string,
): void {
  if (value === undefined || value === '') return;
  const keys = path.split('.');
  let node = target;
  for (const key of keys.slice(0, -1)) {
    if (typeof node[key] !== 'object' || node[key] === null) node[key] = {};
    node = node[key] as Record<string, unknown>;
  }
  node[keys.at(-1) as string] = value;
  origins.set(path, origin);
}

async function checkSources(
  content: Record<string, unknown>,
  base: string,
): Promise<{ sources: Map<string, SourceConfig>; faults: SettingFault[] }> {
  const sources = new Map<string, SourceConfig>();
  const faults: SettingFault[] = [];
  const sound: SourceConfig[] = [];
  const entries = isSection(content.sources) ? Object.entries(content.sources) : [];
  for (const [name, entry] of entries) {
    if (!isSection(entry) || typeof entry.type !== 'string') continue;
    const { type, schedule, ...settings } = entry;
    const checked = await checkSourceSettings(type, settings, base);
    faults.push(...checked.faults.map(({ path, message }) => ({ path: ['sources', name, ...path], message })));
    const source: SourceConfig = {
      name,
      type,
      settings: checked.settings,
      schedule: typeof schedule === 'string' ? schedule : null,
    };
    sources.set(name, source);
    if (checked.faults.length === 0) sound.push(source);
  }
  faults.push(...(await tableClashes(sound)));
  return { sources, faults };
}

/** A fault with the place its value came from. */
function placed(
  { path, message }: SettingFault,
  file: ConfigFile,
  original: (keys: readonly PropertyKey[]) => readonly PropertyKey[],
  origins: ReadonlyMap<string, string>,
): Fault {
  const origin = origins.get(path.join('.'));
  const place = origin === undefined || origin.startsWith('file') ? file.place(original(path)) : origin;
  return { pointer: place, message: `${path.join('.')}: ${message}` };
}

function invalid(file: ConfigFile, faults: Fault[]): AttacheError {
  return new AttacheError('config_invalid', {
    message: `The configuration${file.path === null ? '' : ` ${file.path}`} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}.`,
    hint: 'Correct these; `da config show --origin` prints where each value comes from.',
    faults,
  });
}

function leafPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]));
}
