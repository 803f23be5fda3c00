/** Rows of the truth: plain values only; moments as UTC text with microseconds, lists and objects as JSON text. */
import type { SiteContext } from '../context.ts';
import type { User } from '../model/records.ts';
import { microseconds } from '../model/times.ts';

export type Row = Readonly<Record<string, string | number | boolean | null>>;

export function moment(at: number | null): string | null {
  return at === null ? null : microseconds(at);
}

/** Ids as JSON text, in the site's order. */
export function idList(ids: readonly number[]): string {
  return JSON.stringify(ids.map(String));
}

/** `author_account_id`, `author_name`, `author_email`; Cloud tells nobody's email. */
export function person(context: SiteContext, role: string, accountId: string | null): Row {
  const user = accountId === null ? undefined : context.state.users.get(accountId);
  return {
    [`${role}_account_id`]: accountId,
    [`${role}_name`]: user?.displayName ?? null,
    [`${role}_email`]: user ? emailOf(context, user) : null,
  };
}

export function emailOf(context: SiteContext, user: User): string | null {
  return context.options.flavour === 'cloud' ? null : user.email;
}
