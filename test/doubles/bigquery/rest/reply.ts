/** What a REST handler answers: JSON, or JSON with rows that are already rendered. */

export interface RestCall {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
}

export interface Reply {
  body: object;
  /** Rows as JSON texts, put into the body as "rows". */
  rows?: string[];
}

/** The JSON text of a reply. */
export function replyText({ body, rows }: Reply): string {
  const head = JSON.stringify(body);
  if (!rows || rows.length === 0) return head;
  return `${head.slice(0, -1)},"rows":[${rows.join(',')}]}`;
}
