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

/** What a child process needs to run and nothing that might be a secret. */
const inheritedVariables = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'LANG',
  'LC_ALL',
  'TZ',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  // The path of a key file, not the key: default credentials of Google are found by it.
  'GOOGLE_APPLICATION_CREDENTIALS',
  'CLOUDSDK_CONFIG',
  'DA_TEST_CRASH_POINT',
];

/** The environment of a child process. */
export function childEnvironment(): Record<string, string> {
  const passed = [...inheritedVariables, ...endpointVariables];
  const present = Object.entries(process.env).filter(([name]) => passed.includes(name));
  return Object.fromEntries(present.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Where a test wants this process to die; null in production. */
export function crashPointOfTest(): string | null {
  return process.env.DA_TEST_CRASH_POINT || null;
}

/** Variables by which clients everywhere find private or test services. No secrets; extraction children inherit them. */
const endpointVariables = ['AWS_ENDPOINT_URL_S3', 'STORAGE_EMULATOR_HOST'] as const;

export type EndpointVariable = (typeof endpointVariables)[number];

/** The addresses of services that the environment names instead of the public ones. */
export function namedEndpoints(environment: Environment): Partial<Record<EndpointVariable, string>> {
  return Object.fromEntries(
    endpointVariables.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
}
