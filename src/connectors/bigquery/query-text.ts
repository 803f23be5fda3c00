/** A query as it is sent, the same for its dry run and for itself. */
import { isoMicros } from './google-sql.ts';

export interface QueryText {
  sql: string;
  location: string | null;
  /** What `@read_time` means in the text; microseconds since 1970. */
  readTime?: bigint;
}

/** The moment at which a run looks at all its tables is a parameter: `FOR SYSTEM_TIME AS OF @read_time`. */
const namesReadTime = /@read_time\b/i;

export function queryBody({ sql, readTime }: QueryText): object {
  const query = { query: sql, useLegacySql: false };
  if (readTime === undefined || !namesReadTime.test(sql)) return query;
  const parameter = {
    name: 'read_time',
    parameterType: { type: 'TIMESTAMP' },
    parameterValue: { value: isoMicros(readTime) },
  };
  return { ...query, parameterMode: 'NAMED', queryParameters: [parameter] };
}
