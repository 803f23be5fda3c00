/** Sends as Jira does: two lanes with a cap each, retries for some answers, never for others, and then it gives up. */
import { Agent } from 'node:http';
import { createRandom } from '../model/random.ts';
import type { Delivery } from './delivery.ts';
import type { PlannedDelivery } from './plan.ts';
import { type Answer, post } from './post.ts';
import { headersOf } from './sign.ts';

export interface SenderOptions {
  url: string;
  secret?: string;
  /** Real milliseconds that stand for one of Jira's minutes. */
  minuteMilliseconds?: number;
  timeoutMilliseconds?: number;
  seed?: number;
  /** Requests at once; Jira keeps 20 and 10. */
  lanes?: { Primary: number; Secondary: number };
}

interface SentRecord {
  delivery: Delivery;
  identifier: string;
  answers: Answer[];
  outcome: 'delivered' | 'refused' | 'given-up' | 'too-large';
}

export interface Sender {
  /** Resolves when every one of them is delivered or given up. */
  send(planned: readonly PlannedDelivery[]): Promise<SentRecord[]>;
  /** Takes one and answers at once; `settled()` waits for it. */
  enqueue(planned: PlannedDelivery): void;
  settled(): Promise<SentRecord[]>;
  stop(): void;
}

const retriedStatuses = new Set([408, 409, 425, 429]);
const largestBody = 25 * 1024 * 1024;
const mostRetries = 5;
const patienceMinutes = 30;

function isRetried(answer: Answer): boolean {
  return 'failure' in answer || retriedStatuses.has(answer.status) || answer.status >= 500;
}

export function createSender(options: SenderOptions): Sender {
  const { minuteMilliseconds = 5, timeoutMilliseconds = 20_000 } = options;
  const lanes = options.lanes ?? { Primary: 20, Secondary: 10 };
  const agents = { Primary: laneAgent(lanes.Primary), Secondary: laneAgent(lanes.Secondary) };
  const random = createRandom(options.seed ?? 1);
  const records: Promise<SentRecord>[] = [];
  let failingSince: number | undefined;
  let stopped = false;

  const attemptsAllowed = () => {
    const failedMinutes = failingSince === undefined ? 0 : (performance.now() - failingSince) / minuteMilliseconds;
    return failedMinutes > patienceMinutes ? 1 : 1 + mostRetries;
  };
  const note = (answer: Answer) => {
    if (!isRetried(answer)) failingSince = undefined;
    else failingSince ??= performance.now();
  };
  const sendOne = async ({ delivery, identifier }: PlannedDelivery): Promise<SentRecord> => {
    const answers: Answer[] = [];
    if (Buffer.byteLength(delivery.body) > largestBody) return { delivery, identifier, answers, outcome: 'too-large' };
    const allowed = attemptsAllowed();
    for (let retry = 0; retry < allowed && !stopped; retry++) {
      if (retry > 0) await pause((5 + random.below(11)) * minuteMilliseconds);
      const headers = headersOf(delivery, options.secret, { retry, identifier });
      const answer = await post(options.url, delivery.body, headers, agents[delivery.flow], timeoutMilliseconds);
      answers.push(answer);
      note(answer);
      if (isRetried(answer)) continue;
      const outcome = 'status' in answer && answer.status < 300 ? 'delivered' : 'refused';
      return { delivery, identifier, answers, outcome };
    }
    return { delivery, identifier, answers, outcome: 'given-up' };
  };
  const enqueue = (planned: PlannedDelivery) => {
    records.push(sendOne(planned));
  };
  return {
    enqueue,
    send: (planned) => Promise.all(planned.map(sendOne)),
    settled: () => Promise.all(records),
    stop: () => {
      stopped = true;
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function laneAgent(maxSockets: number): Agent {
  return new Agent({ keepAlive: true, maxSockets, scheduling: 'fifo' });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
