/** Takes credentials out of URLs in text; everything else stays as it is. */

const url = /\bhttps?:\/\/[^\s<>"'|\]]+/gi;
const parameter =
  /([?&#;](?:[a-z0-9_.-]*(?:token|jwt|secret|password|passwd|pwd|signature|credential|apikey|api_key|access_key|auth)|sig|key|code|sas)=)([^&#;\s)}]+)/gi;
const userinfo = /^(https?:\/\/[^/\s:@]*):[^@/\s]+@/i;

export function redactUrls(text: string): string {
  if (!text.includes('://')) return text;
  return text.replace(url, (found) => found.replace(parameter, '$1REDACTED').replace(userinfo, '$1:REDACTED@'));
}
