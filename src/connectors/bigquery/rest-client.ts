/** Calls to the REST API by the official client: every call has an end, and what may be tried again is tried again, in time and with patience. */
import { BigQuery } from '@google-cloud/bigquery';
import type { SourceContext } from '../connector.ts';
import { identityOf, nobody } from './credentials.ts';
import { isPlaintext } from './endpoint.ts';
import { explainError, type RestFault, restFault } from './explain-error.ts';
import { pause, withinTime } from './patience.ts';
import { payerOf, type Settings } from './settings.ts';

interface RestCall {
  method?: 'GET' | 'POST';
  /** In whose name the path stands; the payer's when absent. */
  project?: string;
  /** Below `projects/{project}/`, each part of it encoded. */
  path: readonly string[];
  /** Stands behind the path after a colon, e.g. `testIamPermissions`. */
  verb?: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: object;
  /** Completes "BigQuery: … failed". */
  doing: string;
  signal?: AbortSignal;
}

export interface RestClient {
  settings: Settings;
  /** Ends the calls that are given no signal of their own. */
  signal: AbortSignal;
  call<Answer>(call: RestCall): Promise<Answer>;
  /** The service's clock less ours in milliseconds, as the last answer told. */
  clockSkewMs(): number;
}

const attempts = 5;
const firstPauseMs = 250;

export function restClient(context: Pick<SourceContext<Settings>, 'settings' | 'secret' | 'signal'>): RestClient {
  const { settings } = context;
  const client = new BigQuery({
    projectId: payerOf(settings),
    autoRetry: false,
    maxRetries: 0,
    ...(settings.api_endpoint === undefined ? {} : { apiEndpoint: settings.api_endpoint }),
    ...(isPlaintext(settings.api_endpoint) ? { authClient: nobody } : identityOf(context)),
  });
  let skewMs = 0;
  const once = async <Answer>(call: RestCall): Promise<Answer> => {
    const answer = await withinTime(
      request<Answer>(client, call, payerOf(settings)),
      settings.stall_timeout_seconds * 1000,
      call.signal ?? context.signal,
    );
    if (answer.date !== null) skewMs = answer.date - Date.now();
    return answer.body;
  };
  return {
    settings,
    signal: context.signal,
    clockSkewMs: () => skewMs,
    call: async (call) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(call);
        } catch (thrown) {
          const signal = call.signal ?? context.signal;
          signal.throwIfAborted();
          const fault = restFault(thrown);
          if (!mayTryAgain(fault, attempt)) throw explainError(fault, call.doing, settings);
          await pause(firstPauseMs * 2 ** attempt, signal);
        }
      }
    },
  };
}

/** A silence has cost its whole time already: once more is enough. */
function mayTryAgain(fault: RestFault, attempt: number): boolean {
  return fault.transient && attempt < (fault.reason === 'silence' ? 2 : attempts);
}

function request<Answer>(
  client: BigQuery,
  { method = 'GET', project, path, verb, query = {}, body }: RestCall,
  payer: string,
): Promise<{ body: Answer; date: number | null }> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    client.request(
      {
        method,
        uri: `/${path.map(encodeURIComponent).join('/')}${verb === undefined ? '' : `:${verb}`}`,
        projectId: project ?? payer,
        qs: Object.fromEntries(given),
        ...(body === undefined ? {} : { json: body }),
      },
      (failure, answer, response) => {
        if (failure) reject(failure);
        else resolve({ body: answer as Answer, date: dateOf(response?.headers as Record<string, string> | undefined) });
      },
    );
  });
}

function dateOf(headers: Record<string, string> | undefined): number | null {
  const time = Date.parse(headers?.date ?? '');
  return Number.isNaN(time) ? null : time;
}
