/** Errors as RFC 9457 problem documents. */
import { z } from 'zod';
import { AttacheError, toAttacheError } from '../errors/attache-error.ts';
import { type ErrorCode, errorCodes } from '../errors/codes.ts';

export const problemSchema = z
  .object({
    type: z.string().meta({ description: 'Stable name of the kind of problem.' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string().meta({ description: 'What was tried, on what, and what came back.' }),
    hint: z.string().nullable().meta({ description: 'What to do next.' }),
    retryable: z.boolean(),
    instance: z.string().meta({ description: 'The id of the request, as in X-Request-Id and the log.' }),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof problemSchema>;

/** What the caller may know of an error: all of one of ours, and of an unexpected one only where to find it in the log. */
export function problemOf(error: AttacheError, requestId: string): Problem {
  const hidden = error.code === 'internal';
  return {
    type: `urn:data-attache:problem:${error.code}`,
    title: errorCodes[error.code].title,
    status: error.status,
    code: error.code,
    detail: hidden ? `The server could not do this. Its log says why, under ${requestId}.` : error.message,
    hint: hidden ? null : error.hint,
    retryable: error.retryable,
    instance: requestId,
    ...(error.faults.length === 0
      ? {}
      : { errors: error.faults.map(({ pointer, message }) => ({ pointer, detail: message })) }),
  };
}

/** What the HTTP library throws, in our terms. */
export function asRequestError(thrown: unknown): AttacheError {
  if (thrown instanceof AttacheError) return thrown;
  const { code, statusCode, message } = thrown as { code?: string; statusCode?: number; message?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new AttacheError('body_too_large', {
      message: 'The body is larger than this route takes.',
      hint: 'Send less at once.',
    });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new AttacheError('media_type', {
      message: 'The body has a media type this route does not read.',
      hint: 'Send JSON with Content-Type: application/json.',
    });
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new AttacheError('malformed', {
      message: `The request cannot be read: ${message ?? statusCode}.`,
      hint: 'See /api/openapi.json for what the route takes.',
      cause: thrown,
    });
  return toAttacheError(thrown);
}
