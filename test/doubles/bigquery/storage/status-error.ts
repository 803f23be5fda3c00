/** Errors of the gRPC side, in the words of the Storage Read API. */
import { status } from '@grpc/grpc-js';
import { ServiceError } from '../rest/service-error.ts';

export class StatusError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

const codes: Record<string, number> = {
  notFound: status.NOT_FOUND,
  accessDenied: status.PERMISSION_DENIED,
  forbidden: status.PERMISSION_DENIED,
};

/** Errors of the shared parts as a status; what nobody foresaw is an internal error. */
export function asStatus(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof ServiceError)
    return new StatusError(codes[error.reason] ?? status.INVALID_ARGUMENT, `request failed: ${error.message}`);
  return new StatusError(status.INTERNAL, `request failed: ${error instanceof Error ? error.message : String(error)}`);
}
