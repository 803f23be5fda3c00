/** The plainest client that can be: for the tests of the double itself. */
import { AwsClient } from 'aws4fetch';

/** A stack to ask: the double with its clouds, or a real one with the real clouds. */
export interface Stack {
  url: string;
  tokens: { master: string };
  environment?: { AWS_ENDPOINT_URL_S3: string; STORAGE_EMULATOR_HOST: string };
}

/** An answer whose parts are looked at, never trusted. */
export type Json = Record<string, unknown>;

/** One part of an answer; undefined when any step is missing. */
export function dig(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => (inner as Json | undefined)?.[step], value);
}

/** The same as text, for parts that go into a URL or a comparison. */
export function digText(value: unknown, ...path: (string | number)[]): string {
  return String(dig(value, ...path));
}

export class FactsClient {
  readonly stack: Stack;
  readonly token: string;

  constructor(stack: Stack, token = stack.tokens.master) {
    this.stack = stack;
    this.token = token;
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { 'x-storageapi-token': this.token, ...(init.headers as Record<string, string>) };
    return fetch(`${this.stack.url}/v2/storage${path}`, { redirect: 'manual', ...init, headers });
  }

  async get(path: string): Promise<Json> {
    return (await (await this.fetch(path)).json()) as Json;
  }

  post(path: string, body: unknown): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  /** Runs an export to its end and returns the job. */
  async job(tableId: string, body: unknown): Promise<Json> {
    const response = await this.post(`/tables/${tableId}/export-async`, body);
    let job = (await response.json()) as Json;
    if (response.status !== 202) return { ...job, httpStatus: response.status };
    while (!['success', 'error'].includes(String(job.status))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      job = await this.get(`/jobs/${job.id}`);
    }
    return job;
  }

  async file(tableId: string, body: unknown): Promise<Json> {
    const job = await this.job(tableId, body);
    if (!job.results) throw new Error(JSON.stringify(job));
    return this.get(`/files/${digText(job, 'results', 'file', 'id')}?federationToken=1`);
  }

  async slices(tableId: string, body: unknown): Promise<Buffer[]> {
    const file = await this.file(tableId, body);
    const entries = await this.entries(file);
    return Promise.all(entries.map(async (url) => Buffer.from(await (await this.object(file, url)).arrayBuffer())));
  }

  async entries(file: Json): Promise<string[]> {
    const manifest = (await (await fetch(String(file.url))).json()) as {
      entries: { url: string; mandatory: boolean }[];
    };
    return manifest.entries.map(({ url }) => url);
  }

  /** Fetches one manifest entry the way its cloud wants it. */
  object(file: Json, entryUrl: string, headers: Record<string, string> = {}): Promise<Response> {
    const { host, pathname } = new URL(entryUrl);
    if (String(file.provider) === 'aws') {
      const aws = new AwsClient({
        accessKeyId: digText(file, 'credentials', 'AccessKeyId'),
        secretAccessKey: digText(file, 'credentials', 'SecretAccessKey'),
        sessionToken: digText(file, 'credentials', 'SessionToken'),
        region: String(file.region),
        service: 's3',
        retries: 0,
      });
      const own = this.stack.environment && `${this.stack.environment.AWS_ENDPOINT_URL_S3}/${host}`;
      return aws.fetch(`${own ?? `https://${host}.s3.${file.region}.amazonaws.com`}${pathname}`, { headers });
    }
    if (String(file.provider) === 'gcp') {
      const bearer = { authorization: `Bearer ${digText(file, 'gcsCredentials', 'access_token')}` };
      return fetch(
        `${this.stack.environment?.STORAGE_EMULATOR_HOST ?? 'https://storage.googleapis.com'}/${host}${pathname}`,
        {
          headers: { ...headers, ...bearer },
        },
      );
    }
    const [, endpoint, sas] = /^BlobEndpoint=([^;]+);SharedAccessSignature=(.+)$/.exec(
      digText(file, 'absCredentials', 'SASConnectionString'),
    )!;
    return fetch(`${endpoint}${pathname}?${sas}`, { headers });
  }
}
