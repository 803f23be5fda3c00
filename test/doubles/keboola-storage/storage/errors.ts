/** Errors as the Storage API words them. */
import { jsonReply, type Reply } from '../http/reply.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function errorReply(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return jsonReply(
    status,
    { error: message, code, exceptionId: 'keboola-connection-0123456789abcdef', status: 'error', context: [] },
    headers,
  );
}

export function validation(lines: string[]): ApiError {
  return new ApiError(
    400,
    'storage.tables.validation',
    `Invalid request:\n${lines.map((line) => ` - ${line}`).join('\n')}`,
  );
}
