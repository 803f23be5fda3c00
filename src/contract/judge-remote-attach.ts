/** Judges `_remote_attach`: names that fit, and no secret in a place that everybody can read. */
import { redact } from '../errors/redact.ts';
import { type Finding, finding } from './findings.ts';
import { identityFault } from './identity.ts';
import type { MetaRow, RemoteAttach } from './shapes.ts';

const variableGrammar = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const extensionGrammar = /^[a-z][a-z0-9_]{0,62}$/;

/** What is wrong with the rows, and with remote tables that have none. Pure. */
export function judgeRemoteAttach(rows: readonly RemoteAttach[], tables: readonly { meta: MetaRow }[]): Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { alias, extension, url, token_env } of rows) {
    const fault = identityFault(alias);
    if (fault !== null) findings.push(finding('remote_alias', null, `${JSON.stringify(alias)}, ${fault}`));
    if (seen.has(alias.toLowerCase())) findings.push(finding('remote_alias_duplicate', null, JSON.stringify(alias)));
    seen.add(alias.toLowerCase());
    if (!extensionGrammar.test(extension))
      findings.push(finding('remote_extension', null, `${JSON.stringify(extension)} of ${JSON.stringify(alias)}`));
    // The value itself stays out of the message: it may be a token written in the wrong column.
    if (token_env !== '' && !variableGrammar.test(token_env))
      findings.push(finding('remote_token_env', null, `that of ${JSON.stringify(alias)} is not one`));
    if (redact(url) !== url) findings.push(finding('remote_secret', null, `that of ${JSON.stringify(alias)}`));
  }
  const remote = tables.filter(({ meta }) => meta.query_mode === 'remote');
  if (rows.length === 0) {
    for (const { meta } of remote)
      findings.push(finding('remote_attach_missing', meta.table_name, 'nobody can reach it'));
  }
  return findings;
}
