/** One HTTP call by the official client, which brings the credentials. */
import type { BigQuery } from '@google-cloud/bigquery';

export interface RestRequest {
  method?: 'GET' | 'POST';
  /** Below `projects/{project}/`, each part of it encoded. */
  path: readonly string[];
  /** Stands behind the path after a colon, e.g. `testIamPermissions`. */
  verb?: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  /** Understands the answer of a GET; JSON when absent. What it throws counts as a broken answer. */
  read?: (bytes: Buffer) => unknown;
}

export interface RestAnswer<Body> {
  body: Body;
  /** The service’s clock, milliseconds since 1970. */
  date: number | null;
}

type Options = Parameters<BigQuery['request']>[0];

export function send<Body>(client: BigQuery, request: RestRequest, projectId: string): Promise<RestAnswer<Body>> {
  const { method = 'GET', path, verb, query = {}, body, read = readJson } = request;
  const options: Options = {
    method,
    uri: `/${path.map(encodeURIComponent).join('/')}${verb === undefined ? '' : `:${verb}`}`,
    projectId,
    qs: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    ...(body === undefined ? {} : { json: body }),
  };
  return method === 'GET' ? get(client, options, read as (bytes: Buffer) => Body) : post(client, options);
}

function post<Body>(client: BigQuery, options: Options): Promise<RestAnswer<Body>> {
  return new Promise((resolve, reject) => {
    client.request(options, (failure, answer, response) => {
      if (failure) reject(failure);
      // What is no JSON the client hands over as text.
      else if (typeof answer !== 'object' || answer === null) reject(new SyntaxError('The answer is not JSON'));
      else resolve({ body: answer as Body, date: dateOf(response) });
    });
  });
}

interface Response {
  statusCode?: number;
  headers?: unknown;
}

/** As a stream: what the client hands over as an object it has copied value by value, which a page of rows does not bear. */
async function get<Body>(client: BigQuery, options: Options, read: (bytes: Buffer) => Body): Promise<RestAnswer<Body>> {
  const stream = client.requestStream(options);
  let response: Response = {};
  stream.on('response', (answered: Response) => {
    response = answered;
  });
  const bytes = await bytesOf(stream);
  if ((response.statusCode ?? 0) >= 400) throw refusal(response.statusCode ?? 0, bytes.toString('utf8'));
  return { body: read(bytes), date: dateOf(response) };
}

const readJson = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));

/** The stream has a writing side too, which nobody ends: only its events tell that everything was read. */
function bytesOf(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream
      .on('data', (part: Buffer) => parts.push(part))
      .on('error', reject)
      .on('end', () => resolve(Buffer.concat(parts)));
  });
}

/** In the form in which the client throws. */
function refusal(code: number, text: string): object {
  const { message = text.slice(0, 500), errors = [] } = errorOf(text);
  return { code, message, errors, response: { body: { error: errorOf(text) } } };
}

function errorOf(text: string): {
  message?: string;
  errors?: { reason?: string; message?: string }[];
  details?: unknown;
} {
  try {
    return (JSON.parse(text) as { error?: object }).error ?? {};
  } catch {
    return {};
  }
}

function dateOf(response: unknown): number | null {
  const headers = (response as { headers?: { date?: string } } | undefined)?.headers;
  const time = Date.parse(headers?.date ?? '');
  return Number.isNaN(time) ? null : time;
}
