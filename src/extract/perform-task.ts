/** One task of the extraction child: performs it and lets nothing secret out. */
import { inlineSecrets } from '../config/source-settings.ts';
import { fromErrorRecord, toErrorRecord } from '../errors/attache-error.ts';
import { redact } from '../errors/redact.ts';
import { answerQuestion } from './answer-question.ts';
import type { ChildTask } from './run-child.ts';
import { runExtract } from './run-extract.ts';
import type { ExtractEvent } from './shapes.ts';
import { connectorOf, sourceContext } from './source-context.ts';

/** Answers with what the task brings, as plain data without a secret in any text; so are its events and its errors. */
export async function performTask(
  task: ChildTask,
  signal: AbortSignal,
  emit: (event: ExtractEvent) => void,
): Promise<unknown> {
  const secrets = await secretsOf(task);
  const clean = (text: string) => redact(text, secrets);
  try {
    return cleaned(await perform(task, signal, (event) => emit(cleaned(event, clean))), clean);
  } catch (thrown) {
    throw fromErrorRecord(cleaned(toErrorRecord(thrown), clean));
  }
}

/** Every secret the task brought, and the password alone where one is a URL: drivers quote it by itself. */
async function secretsOf({ request }: ChildTask): Promise<string[]> {
  const whole = [...Object.values(request.secrets), ...(await inlineSecrets(request.source).catch(() => []))];
  const passwords = whole
    .flatMap((text) => (URL.canParse(text) ? [new URL(text).password] : []))
    .filter((text) => text !== '');
  return [...whole, ...passwords, ...passwords.map(decodeURIComponent)];
}

async function perform(task: ChildTask, signal: AbortSignal, onEvent: (event: ExtractEvent) => void): Promise<unknown> {
  switch (task.kind) {
    case 'extract':
      return runExtract(task.request, { signal, onEvent });
    case 'ask':
      return answerQuestion(task.request, task.question, signal);
    case 'tidy': {
      const connector = await connectorOf(task.request.source);
      await connector.tidy?.(sourceContext(connector, task.request, signal));
      return null;
    }
  }
}

/** A copy of plain data with every text redacted. */
function cleaned<T>(value: T, clean: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value), (_key, inner: unknown) =>
    typeof inner === 'string' ? clean(inner) : inner,
  ) as T;
}
