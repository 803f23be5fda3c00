/** The one place that reads the environment. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A snapshot of the environment this process was started with. */
export function readEnvironment(): Environment {
  return { ...process.env };
}

/** Variables of our own that stand in for flags and file, with the dotted path each sets. */
export const environmentPaths = {
  DA_DATA_DIR: 'data_dir',
  DA_HOST: 'server.host',
  DA_PORT: 'server.port',
  DA_PUBLIC_URL: 'server.public_url',
  DA_MEMORY_LIMIT: 'duckdb.memory_limit',
  DA_THREADS: 'duckdb.threads',
  DA_SYNC_INTERVAL: 'scheduler.interval',
} as const;

/** Variables by which clients everywhere find private or test services. No secrets; extraction children inherit them. */
const endpointVariables = ['AWS_ENDPOINT_URL_S3', 'STORAGE_EMULATOR_HOST'] as const;

export type EndpointVariable = (typeof endpointVariables)[number];

/** The addresses of services that the environment names instead of the public ones. */
export function namedEndpoints(environment: Environment): Partial<Record<EndpointVariable, string>> {
  return Object.fromEntries(
    endpointVariables.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
}
