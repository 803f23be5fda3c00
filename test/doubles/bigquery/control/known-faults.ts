/** The failures a client of BigQuery must live with, ready to script. */
import type { FaultAction } from './faults.ts';

const http = (status: number, reason: string, message: string): FaultAction => ({ http: { status, reason, message } });

export const unauthorized = http(401, 'authError', 'Invalid Credentials');
export const accessDenied = http(403, 'accessDenied', 'Access Denied: User does not have permission to do this.');
export const notFoundFault = http(404, 'notFound', 'Not found: it is gone');
export const rateLimitExceeded = http(
  403,
  'rateLimitExceeded',
  'Exceeded rate limits: too many api requests per user per method',
);
export const tooManyRequests = http(429, 'rateLimitExceeded', 'Too many requests');
export const quotaExceeded = http(
  403,
  'quotaExceeded',
  'Quota exceeded: Your project exceeded quota for free query bytes scanned.',
);
export const backendError = http(
  503,
  'backendError',
  'Error encountered during execution. Retrying may solve the problem.',
);
export const internalError = http(
  500,
  'internalError',
  'An internal error occurred and the request could not be completed.',
);
export const responseTooLarge = http(
  403,
  'responseTooLarge',
  'Response too large to return. Consider specifying a destination table.',
);

export const streamBroken = (afterMessages: number): FaultAction => ({
  grpc: { code: 14, message: 'Connection reset by peer', afterMessages },
});
export const wedgedStream = (afterMessages: number): FaultAction => ({ wedgeAfterMessages: afterMessages });
export const resourceExhausted: FaultAction = { grpc: { code: 8, message: 'Quota exceeded for concurrent streams' } };
