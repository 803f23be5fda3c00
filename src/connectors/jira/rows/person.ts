/** A person as columns: Cloud has account ids and hides emails, Server has keys and names. */
import { idAt, type Row, textAt } from '../json.ts';

export function accountId(user: unknown): string | null {
  return idAt(user, 'accountId') ?? idAt(user, 'key') ?? idAt(user, 'name');
}

/** Null also for the `?` that stands for a hidden one. */
export function email(user: unknown): string | null {
  const found = textAt(user, 'emailAddress');
  return found === null || found === '?' || found === '' ? null : found;
}

export function person(role: string, user: unknown): Row {
  return {
    [`${role}_account_id`]: accountId(user),
    [`${role}_name`]: textAt(user, 'displayName'),
    [`${role}_email`]: email(user),
  };
}
