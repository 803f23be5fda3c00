/** Starts everything a server is, in order, and stops it in the reverse order. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import type { InstanceConfig, SourceConfig } from '../config/shapes.ts';
import { namedSecrets } from '../config/source-settings.ts';
import { type Environment, readEnvironment } from '../environment/environment.ts';
import { AttacheError } from '../errors/attache-error.ts';
import { endLeftWork } from '../extract/end-left-work.ts';
import { askConnector, extractSource } from '../extract/extract-source.ts';
import { SyncOrchestrator } from '../orchestrator/orchestrator.ts';
import { sweepScratch } from '../publish/scratch.ts';
import { IntervalScheduler } from '../sync/interval-scheduler.ts';
import { Master } from '../sync/master.ts';
import { PushedSources } from '../sync/pushed-sources.ts';
import type { Log, SyncParts } from '../sync/sync-parts.ts';
import { SyncService } from '../sync/sync-service.ts';
import { lockDataFolder } from '../system/lock-data-folder.ts';
import { SystemState } from '../system/system-state.ts';
import { validTokens } from '../system/tokens.ts';
import { ensureAdminToken } from './admin-token.ts';
import { createApp } from './app.ts';
import { createAuthenticator } from './authenticate.ts';
import { MergedFiles } from './files/merged-files.ts';
import { keepHouse } from './keep-house.ts';
import { Undertaken } from './undertaken.ts';

export interface RunningServer {
  url: string;
  /** The first administrator's token when this start made it: to be shown once. */
  newAdminToken: string | null;
  close(): Promise<void>;
}

export interface StartOptions {
  log?: Log;
  /** Where the variables that sources name are looked up; default the process's own. */
  environment?: Environment;
  /** For tests that hold an extraction still. */
  extract?: SyncParts['extract'];
}

/** Together they leave a stopping server well below five seconds. */
const longestStopMs = 3_000;
const longestRebuildMs = 500;
/** Longer than pushed sources pause between two publications. */
const standingDraftMs = 5_000;

/** Throws `server_running` when another process serves this data folder, and whatever keeps the state from opening. */
export async function startServer(config: InstanceConfig, options: StartOptions = {}): Promise<RunningServer> {
  const log = options.log ?? pino({ name: 'da' }, pino.destination(2));
  await mkdir(join(config.dataDirectory, 'extracts'), { recursive: true, mode: 0o750 });
  const started = new Undertaken();
  try {
    return await start(config, options, log, started);
  } catch (thrown) {
    await started.stop();
    throw thrown;
  }
}

async function start(
  config: InstanceConfig,
  options: StartOptions,
  log: Log,
  started: Undertaken,
): Promise<RunningServer> {
  const lock = await lockDataFolder(config.dataDirectory);
  started.add(() => lock.release());
  await sweepScratch(join(config.dataDirectory, '.da'));
  const state = await SystemState.open(config.dataDirectory);
  started.add(() => state.close());
  if (state.recovery !== null) log.warn({ step: state.recovery.step }, state.recovery.message);
  const newAdminToken = await ensureAdminToken(state, config.dataDirectory, config.adminToken);

  const stopping = new AbortController();
  const orchestrator = new SyncOrchestrator({
    dataDirectory: config.dataDirectory,
    duckdb: config.duckdb,
    limits: config.limits,
    draftMs: standingDraftMs,
    signal: stopping.signal,
  });
  started.add(() => orchestrator.close());
  const master = new Master(orchestrator, state);
  const environment = options.environment ?? readEnvironment();
  const secretsOf = (source: SourceConfig) => namedSecrets(source, environment);
  const rebuild = () => master.rebuild();
  const pushed = await PushedSources.start({ config, state, secretsOf, rebuild, log });
  started.add(() => pushed.close());
  const extract = pushed.besides(options.extract ?? extractSource);
  const sync = new SyncService({ config, state, extract, rebuild, secretsOf, log });
  await sync.start();
  started.add(() => sync.close(longestStopMs));
  const { intervalMs } = config.scheduler;
  const scheduler =
    intervalMs === null ? null : new IntervalScheduler({ config, state, sync, rebuild, log }, intervalMs);
  const merged = new MergedFiles(config, stopping.signal);
  const parts = {
    config,
    version: packageVersion(),
    state,
    sync,
    master,
    pushed,
    merged,
    scheduler,
    ask: askConnector,
    secretsOf,
    log,
    stopping: stopping.signal,
  };
  const house = keepHouse(parts);
  started.add(() => house.stop());
  started.add(() => scheduler?.stop());
  let caughtUp: Promise<void> = Promise.resolve();
  started.add(() => Promise.race([caughtUp, patience(longestRebuildMs)]));
  const app = createApp(parts, createAuthenticator(await state.read(validTokens)));
  started.add(() => app.close());
  started.add(() => stopping.abort());
  const url = await listen(app, config);

  // Once requests are answered: what was published while no server ran.
  caughtUp = master.catchUp().catch((err: unknown) => log.error({ err }, 'the first rebuild failed'));
  for (const source of config.sources.values()) {
    const { dataDirectory, duckdb, limits } = config;
    // What a server that was killed left running at its sources.
    endLeftWork({ dataDirectory, source, duckdb, limits, secrets: secretsOf(source) }).catch((err: unknown) =>
      log.warn({ source: source.name, err }, 'what an earlier run left at the source could not be ended'),
    );
  }
  scheduler?.start();
  return { url, newAdminToken, close: () => started.stop() };
}

function patience(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

async function listen(app: ReturnType<typeof createApp>, { server }: InstanceConfig): Promise<string> {
  try {
    await app.listen({ host: server.host, port: server.port });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AttacheError('usage', {
      message: `The server cannot listen on ${server.host}:${server.port} (${code}).`,
      hint:
        code === 'EADDRINUSE'
          ? 'Another program uses the port: choose another, or 0 for a free one.'
          : 'Check server.host and server.port.',
      cause,
    });
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : server.port;
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return `http://${host}:${port}`;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
