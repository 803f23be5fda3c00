/** A real server on a free port with its own data folder, a DuckDB file as its source, and a client that checks every answer against the route's schema. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { InstanceConfig } from '../../src/config/shapes.ts';
import { Database } from '../../src/duckdb/database.ts';
import { allRoutes } from '../../src/server/app.ts';
import { problemSchema } from '../../src/server/problem.ts';
import type { Route } from '../../src/server/route.ts';
import type { ServerParts } from '../../src/server/server-parts.ts';
import { type RunningServer, type StartOptions, startServer } from '../../src/server/start-server.ts';
import type { JobRow } from '../../src/system/jobs.ts';
import { instanceConfig, silentLog, until } from './instance.ts';

export const adminToken = 'test-admin-token';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape the client has checked.
type Json = any;

interface Answered {
  status: number;
  headers: Headers;
  json: Json;
  bytes: Buffer;
}

export interface TestServer {
  directory: string;
  url: string;
  config: InstanceConfig;
  running: RunningServer;
  /** Asks as the administrator unless headers say otherwise. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string | null>): Promise<Answered>;
  /** Triggers and waits for the end of the job. */
  sync(body?: unknown): Promise<JobRow>;
  restart(options?: StartOptions): Promise<void>;
  /** Statements against the source file `crm`. */
  source(...statements: string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function testServer(facts: Partial<InstanceConfig> = {}, options: StartOptions = {}): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'da-server-'));
  const file = join(directory, 'crm.duckdb');
  const config = instanceConfig(
    join(directory, 'data'),
    { crm: { type: 'duckdb', settings: { path: file }, schedule: null } },
    { adminToken, ...facts },
  );
  const source = async (...statements: string[]) => {
    await using database = await Database.open(file, { memoryLimit: '200MB', threads: 1, tempDirectory: directory });
    using session = await database.connect();
    for (const statement of statements) await session.run(statement);
  };
  await source("CREATE TABLE orders AS SELECT i AS id, 'order ' || i AS label FROM range(1000) r(i)");
  let running = await startServer(config, { log: silentLog, ...options });
  const routes = documentedRoutes();

  const server: TestServer = {
    directory,
    config,
    source,
    get url() {
      return running.url;
    },
    get running() {
      return running;
    },
    ask: async (method, path, body, headers = {}) => {
      const given = { authorization: `Bearer ${adminToken}`, ...headers };
      const response = await fetch(running.url + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== null)),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return checkAnswer(routes, method, path, response);
    },
    sync: async (body) => {
      const { status, json } = await server.ask('POST', '/api/sync/trigger', body);
      expect(status).toBe(202);
      let job: JobRow | undefined;
      await until(async () => {
        job = (await server.ask('GET', `/api/jobs/${json.job_id}`)).json;
        return job?.finished_at != null;
      });
      return job!;
    },
    restart: async (again = {}) => {
      await running.close();
      running = await startServer(config, { log: silentLog, ...options, ...again });
    },
    stop: async () => {
      await running.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return server;
}

/** The routes' records; their handlers are not called here. */
export function documentedRoutes(): Route[] {
  return allRoutes({ version: '0', config: instanceConfig('/') } as unknown as ServerParts);
}

async function checkAnswer(routes: Route[], method: string, path: string, response: Response): Promise<Answered> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get('content-type') ?? '';
  const json = type.includes('json') && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : null;
  expect(response.headers.get('x-request-id'), `${method} ${path}`).toBeTruthy();
  if (response.status >= 400 && method !== 'HEAD') {
    expect(type).toBe('application/problem+json');
    expect(problemSchema.strict().parse(json)).toMatchObject({ status: response.status });
  } else if (method !== 'HEAD') {
    const route = routes.find((candidate) => candidate.method === method && matches(candidate.path, path));
    const answer = route?.answers[response.status];
    expect(answer, `${method} ${path} may not answer ${response.status}`).toBeDefined();
    if (answer?.schema !== undefined) {
      const parsed = answer.schema.safeParse(json);
      expect(parsed.error, `${method} ${path}`).toBeUndefined();
      expect(parsed.data).toEqual(json);
    }
  }
  return { status: response.status, headers: response.headers, json, bytes };
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?', 1)[0] ?? '');
}
