/** What can go wrong with an answer. A fault may change the world first, replace the answer, or spoil it. */
import type { Json } from '../model/records.ts';
import { limitHeaders } from './rate-limit.ts';

export interface Fault {
  /** Runs before the call is answered: something changes in mid-walk. */
  before?: () => void;
  delayMilliseconds?: number;
  /** Breaks the connection instead of answering. */
  drop?: boolean;
  /** Replaces the answer. */
  answer?: { status: number; headers?: Record<string, string>; text: string };
  /** Changes the right answer. */
  rewrite?: (body: unknown) => unknown;
  /** Sends only so many bytes of the right answer, as a whole answer. */
  cutAt?: number;
}

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Fault => ({
  answer: { status, headers: { 'Content-Type': 'application/json', ...headers }, text: JSON.stringify(body) },
});

const message = (text: string) => ({ errorMessages: [text], errors: {} });

/** How a 429 says how long to wait. */
export type Wait = 'nothing' | 'hours' | 'date' | number;

function retryAfter(wait: Wait): string | undefined {
  if (wait === 'nothing') return undefined;
  if (wait === 'hours') return '14400';
  return wait === 'date' ? new Date(Date.now() + 1_000).toUTCString() : String(wait);
}

export const faults = {
  tooManyRequests: (wait: Wait, reason = 'jira-burst-based'): Fault =>
    answer(429, message('Rate limit exceeded.'), limitHeaders(retryAfter(wait), reason)),
  unavailable: (wait: Wait = 'nothing'): Fault => {
    const value = retryAfter(wait);
    return answer(503, message('Service unavailable'), value === undefined ? {} : { 'Retry-After': value });
  },
  status: (status: number, text = 'Refused'): Fault => answer(status, message(text)),
  unauthorised: (): Fault => answer(401, message('Client must be authenticated to access this resource.')),
  /** 404 that means "no permission". */
  notFound: (): Fault => answer(404, message('Issue does not exist or you do not have permission to see it.')),
  expiredToken: (): Fault => answer(400, message('The provided nextPageToken is invalid or has expired.')),
  /** A login page with 200. */
  html: (): Fault => ({
    answer: {
      status: 200,
      headers: { 'Content-Type': 'text/html;charset=UTF-8' },
      text: '<!DOCTYPE html><html><head><title>Log in</title></head><body>Log in to continue</body></html>',
    },
  }),
  nullBody: (): Fault => answer(200, null),
  truncated: (bytes = 40): Fault => ({ cutAt: bytes }),
  dropped: (): Fault => ({ drop: true }),
  slow: (delayMilliseconds: number): Fault => ({ delayMilliseconds }),
  /** The first item of the page comes twice. */
  repeatItem: (): Fault => ({ rewrite: (body) => mapItems(body, (items) => [...items.slice(0, 1), ...items]) }),
  /** The last item of the page is missing; totals say nothing of it. */
  loseItem: (): Fault => ({ rewrite: (body) => mapItems(body, (items) => items.slice(0, -1)) }),
  /** The last issue of a bulk answer is there and cannot be shown at present. */
  withheldIssue: (): Fault => ({
    rewrite: (body) => {
      const { issues } = body as { issues: { id: string }[] };
      const last = issues.slice(-1);
      const issueErrors = last.map(({ id }) => ({ id, errorMessage: 'The issue could not be returned. Try again.' }));
      return { issues: issues.slice(0, -1), issueErrors };
    },
  }),
  /** Pages that lead to the same page for ever. */
  endlessPages: (): Fault => ({ rewrite: (body) => ({ ...(body as Json), nextPageToken: 'MA' }) }),
  /** Each page begins with the last item of the page before: use over several calls. */
  overlapPages: (): Fault => {
    let last: unknown[] = [];
    return {
      rewrite: (body) =>
        mapItems(body, (items) => {
          const overlapped = [...last, ...items];
          last = items.slice(-1);
          return overlapped;
        }),
    };
  },
  /** Nothing is found any more, with 200 and every sign of success. */
  emptyEnumeration: (): Fault => ({
    rewrite: (body) => {
      const { nextPageToken: _, ...rest } = mapItems(body, () => []) as Json;
      return { ...rest, ...('isLast' in rest ? { isLast: true } : {}), ...('total' in rest ? { total: 0 } : {}) };
    },
  }),
  /** Changes the site just before the call is answered. */
  meanwhile: (before: () => void): Fault => ({ before }),
};

/** The list of an answer is the answer itself or its first array. */
function mapItems(body: unknown, change: (items: unknown[]) => unknown[]): unknown {
  if (Array.isArray(body)) return change(body);
  const found = Object.entries(body as Json).find(([, value]) => Array.isArray(value));
  if (!found) return body;
  return { ...(body as Json), [found[0]]: change(found[1] as unknown[]) };
}
