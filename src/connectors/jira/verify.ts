/** `X-Hub-Signature: sha256=…` over the exact bytes. Any other method, form or number of headers is refused. */

import type { IncomingEvent } from '../receive-way.ts';
import { hexDigest, isSigned, signingSecrets, unsigned } from '../signature.ts';
import type { SourceContext } from '../source-context.ts';
import type { JiraSettings } from './settings.ts';

export function verify(context: SourceContext<JiraSettings>, { headers, body }: IncomingEvent): void {
  const secrets = signingSecrets(context);
  const header = headers['x-hub-signature'];
  if (header === undefined) throw unsigned(context.source, 'X-Hub-Signature is missing');
  const digest = header.startsWith('sha256=') ? hexDigest(header.slice('sha256='.length)) : null;
  if (digest === null) throw unsigned(context.source, 'X-Hub-Signature is not sha256= and 64 hexadecimal digits');
  if (!isSigned(digest, secrets, body)) throw unsigned(context.source, 'the signature does not fit the body');
}
