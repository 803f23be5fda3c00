/** Flags, environment and `instance.yaml` become one value: flags beat environment beat file beat defaults, and every fault is told at once. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseSize } from '../connectors/byte-size.ts';
import { type Environment, environmentPaths } from '../environment/environment.ts';
import { AttacheError, type Fault } from '../errors/attache-error.ts';
import { fileSchema } from './file-schema.ts';
import { type ConfigFile, noFile, readConfigFile } from './read-file.ts';
import type { InstanceConfig, SourceConfig } from './shapes.ts';
import { normaliseShorthand } from './shorthand.ts';
import { checkSourceSettings, sentence } from './source-settings.ts';

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
  const { content, original } = normaliseShorthand(file.content);
  const origins = new Map<string, string>();
  for (const path of leafPaths(content)) origins.set(path.join('.'), `file ${file.place(original(path))}`);
  const merged = structuredClone(content);
  for (const [variable, path] of Object.entries(environmentPaths))
    overlay(merged, origins, path, environment[variable], `environment ${variable}`);
  for (const [flag, [path, name]] of Object.entries(flagPaths))
    overlay(merged, origins, path, flags[flag as keyof ConfigFlags], `flag ${name}`);

  const faults: Fault[] = [];
  const parsed = fileSchema.safeParse(merged);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => asFault(issue, file, original, origins)));
  const sources = await checkSources(merged, base, file, original, faults);
  if (faults.length > 0 || !parsed.success) throw invalid(file, faults);

  const value = parsed.data;
  const fromFile = (path: string) => resolve(origins.get('data_dir')?.startsWith('file') ? base : cwd, path);
  return {
    instance: value.instance,
    dataDirectory: fromFile(value.data_dir),
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
  file: ConfigFile,
  original: (keys: readonly PropertyKey[]) => readonly PropertyKey[],
  faults: Fault[],
): Promise<Map<string, SourceConfig>> {
  const sources = new Map<string, SourceConfig>();
  const entries = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(content.sources ?? {});
  for (const [name, entry] of Object.entries(entries.data ?? {})) {
    const { type, schedule, ...settings } = entry;
    if (typeof type !== 'string') continue;
    const checked = await checkSourceSettings(type, settings, base);
    for (const fault of checked.faults) {
      const keys = ['sources', name, ...fault.pointer.split('.').filter((key) => key !== '')];
      faults.push({ pointer: file.place(original(keys)), message: `${keys.join('.')}: ${fault.message}` });
    }
    sources.set(name, {
      name,
      type,
      settings: checked.settings,
      schedule: typeof schedule === 'string' ? schedule : null,
    });
  }
  return sources;
}

function asFault(
  issue: z.core.$ZodIssue,
  file: ConfigFile,
  original: (keys: readonly PropertyKey[]) => readonly PropertyKey[],
  origins: ReadonlyMap<string, string>,
): Fault {
  const path = issue.path.join('.');
  const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] as string] : issue.path;
  const origin = origins.get(path);
  const place = origin === undefined || origin.startsWith('file') ? file.place(original(keys)) : origin;
  return { pointer: place, message: `${path === '' ? '' : `${path}: `}${sentence(issue)}` };
}

function invalid(file: ConfigFile, faults: Fault[]): AttacheError {
  return new AttacheError('config_invalid', {
    message: `The configuration${file.path === null ? '' : ` ${file.path}`} has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n${faults.map((fault) => `  ${fault.pointer}: ${fault.message}`).join('\n')}`,
    hint: 'Correct these; `da config show --origin` prints where each value comes from.',
    faults,
  });
}

function leafPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]));
}
