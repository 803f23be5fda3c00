/** An error as BigQuery reports it: HTTP status, stable reason, and the text a person reads. */

export interface ErrorEntry {
  reason: string;
  message: string;
  location?: string;
  locationType?: string;
  domain?: string;
}

/** The HTTP status of each reason. A tripped byte cap really answers 500: clients that retry on 500 meet it again. */
const statuses: Record<string, number> = {
  authError: 401,
  accessDenied: 403,
  forbidden: 403,
  backendError: 503,
  bytesBilledLimitExceeded: 500,
  duplicate: 409,
  internalError: 500,
  invalid: 400,
  invalidQuery: 400,
  notFound: 404,
  notImplemented: 501,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  required: 400,
  resourcesExceeded: 400,
  responseTooLarge: 403,
  stopped: 499,
  tooManyRequests: 429,
};

const canonical: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
};

export class ServiceError extends Error {
  readonly reason: string;
  readonly status: number;
  readonly details: unknown[];
  readonly location: string | undefined;

  constructor(
    reason: string,
    message: string,
    extra: { status?: number; details?: unknown[]; location?: string } = {},
  ) {
    super(message);
    this.reason = reason;
    this.status = extra.status ?? statuses[reason] ?? 400;
    this.details = extra.details ?? [];
    this.location = extra.location;
  }

  /** The entry of errors[] and of a job's errorResult. */
  entry(): ErrorEntry {
    return { reason: this.reason, message: this.message, ...(this.location ? { location: this.location } : {}) };
  }

  /** The body of the HTTP answer. */
  body(): unknown {
    const entry = {
      message: this.message,
      domain: this.reason === 'rateLimitExceeded' || this.reason === 'quotaExceeded' ? 'usageLimits' : 'global',
      reason: this.reason,
      ...(this.location ? { location: this.location, locationType: 'parameter' } : {}),
    };
    return {
      error: {
        code: this.status,
        message: this.message,
        errors: [entry],
        status: canonical[this.status] ?? 'UNKNOWN',
        ...(this.details.length > 0 ? { details: this.details } : {}),
      },
    };
  }
}

export function invalidQuery(message: string): ServiceError {
  return new ServiceError('invalidQuery', message, { location: 'q' });
}

export function notFound(what: string): ServiceError {
  return new ServiceError('notFound', `Not found: ${what}`);
}
