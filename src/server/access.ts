/** The one place that decides who may do what. */
import type { Role } from '../system/tokens.ts';

/** Whoever a token speaks for. */
export interface Principal {
  id: string;
  label: string;
  role: Role;
}

/** `administer`: change or inspect how the instance works. `read_catalogue`: see which tables there are. `read_table`: see one table's content. */
export type Action = 'administer' | 'read_catalogue' | 'read_table';

export interface Decision {
  allowed: boolean;
  /** Why, in a sentence for the person. */
  reason: string;
}

/** Decides for one table where the action is about one. */
export function decide(principal: Principal, action: Action, _table?: string): Decision {
  if (principal.role === 'admin') return { allowed: true, reason: 'Administrators may do everything.' };
  if (action === 'administer') return { allowed: false, reason: 'Only administrators may do this.' };
  return { allowed: true, reason: 'Everyone who is signed in may read every table.' };
}
