/** Removes known secret values and secret-looking parts from text before it leaves the process. */

const patterns: [RegExp, string][] = [
  // user:password@ in a URL
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s@/]+@/gi, '$1:***@'],
  // key=value forms that carry credentials in URLs and connection strings
  [/\b(password|passwd|pwd|token|secret|sig|signature|access_token|api_key|apikey|sas|jwt)=([^\s&;'"]+)/gi, '$1=***'],
  [/\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi, '$1 ***'],
  [/\b(X-Amz-[A-Za-z-]+)=([^\s&;'"]+)/g, '$1=***'],
];

/** `text` without any of `secrets` (values of four characters or more) and without credentials in well-known forms. */
export function redact(text: string, secrets: Iterable<string> = []): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.replaceAll(secret, '***');
  }
  for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
  return clean;
}
