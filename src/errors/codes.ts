/** Every error code a person can meet: its exit code for the command line and its status for HTTP. */

/** Exit codes of the command line: 1 failure, 2 usage, 3 partial, 4 not allowed, 5 not found, 6 locked or conflict, 7 integrity, 8 unreachable. */
interface CodeFacts {
  exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  status: number;
  title: string;
}

export const errorCodes = {
  internal: { exit: 1, status: 500, title: 'Something went wrong inside' },
  usage: { exit: 2, status: 400, title: 'The command cannot be understood' },
  config_invalid: { exit: 2, status: 422, title: 'The configuration is not valid' },
  name_invalid: { exit: 2, status: 422, title: 'The name does not fit the grammar' },
  settings_invalid: { exit: 2, status: 422, title: 'The settings are not valid' },
  options_invalid: { exit: 2, status: 422, title: 'The table options are not valid' },
  malformed: { exit: 2, status: 400, title: 'The request cannot be read' },
  method_not_allowed: { exit: 2, status: 405, title: 'The method is not allowed here' },
  precondition_failed: { exit: 6, status: 412, title: 'It has changed in the meantime' },
  body_too_large: { exit: 2, status: 413, title: 'The body is too large' },
  headers_too_large: { exit: 2, status: 431, title: 'The headers are too large' },
  request_timeout: { exit: 1, status: 408, title: 'The request did not arrive in time' },
  media_type: { exit: 2, status: 415, title: 'The media type is not supported' },
  range_invalid: { exit: 2, status: 416, title: 'The range lies outside the file' },
  unavailable: { exit: 8, status: 503, title: 'Not ready' },
  state_lost: { exit: 7, status: 500, title: 'The state cannot be opened' },
  unauthorized: { exit: 4, status: 401, title: 'Not signed in' },
  forbidden: { exit: 4, status: 403, title: 'Not allowed' },
  not_found: { exit: 5, status: 404, title: 'Not found' },
  conflict: { exit: 6, status: 409, title: 'Conflict' },
  locked: { exit: 6, status: 409, title: 'In use by another process' },
  server_running: { exit: 6, status: 409, title: 'A server is running on this data folder' },
  cancelled: { exit: 1, status: 409, title: 'Cancelled' },
  timed_out: { exit: 1, status: 504, title: 'The time limit was reached' },
  memory_exceeded: { exit: 1, status: 507, title: 'The memory limit was reached' },
  not_writable: { exit: 1, status: 500, title: 'The folder cannot be written' },
  disk_full: { exit: 1, status: 507, title: 'Not enough disk space' },
  child_failed: { exit: 1, status: 500, title: 'The child process ended without a result' },
  contract_broken: { exit: 7, status: 422, title: 'The folder does not fulfil the contract' },
  integrity: { exit: 7, status: 500, title: 'The data is not what it should be' },
  rows_missing: { exit: 7, status: 502, title: 'The source sent another number of rows than it announced' },
  values_lost: { exit: 7, status: 422, title: 'Values would be lost' },
  schema_changed: { exit: 7, status: 422, title: 'The schema changed and the policy does not allow it' },
  too_many_rejects: { exit: 7, status: 422, title: 'Too many rows were rejected' },
  source_unreachable: { exit: 8, status: 502, title: 'The source cannot be reached' },
  source_auth: { exit: 4, status: 502, title: 'The source refused the credentials' },
  source_forbidden: { exit: 4, status: 502, title: 'The source does not allow this' },
  source_missing: { exit: 5, status: 502, title: 'The source does not have this' },
  source_failed: { exit: 1, status: 502, title: 'The source failed' },
  source_data: { exit: 7, status: 502, title: 'The source holds data that cannot be read' },
  over_cap: { exit: 4, status: 422, title: 'It would cost more than the settings allow' },
  unsupported: { exit: 2, status: 422, title: 'Not supported' },
  unreachable: { exit: 8, status: 502, title: 'The server cannot be reached' },
  server_error: { exit: 1, status: 502, title: 'The server answered with an error' },
  partial: { exit: 3, status: 500, title: 'Some tables failed' },
  query_failed: { exit: 1, status: 422, title: 'The query failed' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof errorCodes;
