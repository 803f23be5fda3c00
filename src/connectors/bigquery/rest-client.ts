/** Calls to the REST API by the official client: every call has an end, and what may be tried again is tried again, in time and with patience. */
import { BigQuery } from '@google-cloud/bigquery';
import type { SourceContext } from '../source-context.ts';
import { identityOf, nobody } from './credentials.ts';
import { isPlaintext } from './endpoint.ts';
import { explainError, type RestFault, restFault } from './explain-error.ts';
import { pause, withinTime } from './patience.ts';
import { type RestRequest, send } from './rest-request.ts';
import { payerOf, type Settings } from './settings.ts';

interface RestCall extends RestRequest {
  /** In whose name the path stands; the payer's when absent. */
  project?: string;
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
  /** What proves who we are for the next hour. */
  accessToken(): Promise<string>;
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
      send<Answer>(client, call, call.project ?? payerOf(settings)),
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
    accessToken: async () => {
      try {
        return (await client.authClient.getAccessToken()) ?? '';
      } catch (thrown) {
        throw explainError(restFault(thrown), 'signing in', settings);
      }
    },
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
