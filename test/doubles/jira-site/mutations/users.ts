/** People: made, changed, deleted; a deleted one stays as the author of what was written. */
import { emitUser } from '../bodies/planning.ts';
import type { SiteContext } from '../context.ts';
import type { User } from '../model/records.ts';
import { zoneOffsets } from '../model/times.ts';

const firstNames = ['Ada', 'Bohumil', 'Chidi', 'Dana', 'Emeka', 'Fumiko', 'Ganna', 'Håkon'];

export function userMutations(context: SiteContext) {
  const { state } = context;
  return {
    create: (fields: Partial<Pick<User, 'displayName' | 'email' | 'zone'>> = {}): User => {
      const number = context.nextId('user') - 9_999;
      const user = newUser(context, number, fields);
      state.users.set(user.accountId, user);
      emitUser(context, 'created', user, context.clock.tick());
      return user;
    },
    edit: (user: User, patch: Partial<Pick<User, 'displayName' | 'email' | 'active' | 'zone'>>): void => {
      Object.assign(user, patch);
      emitUser(context, 'updated', user, context.clock.tick());
    },
    delete: (user: User): void => {
      Object.assign(user, { deleted: true, active: false });
      emitUser(context, 'deleted', user, context.clock.tick());
    },
  };
}

/** Every second Cloud account id is an old one with a colon; on Server the lasting identity is the user key. */
function newUser(context: SiteContext, number: number, fields: Partial<User>): User {
  const first = firstNames[(number - 1) % firstNames.length]!;
  const name = `${first
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z]/g, '')}${number}`;
  const key = `JIRAUSER1${String(number).padStart(4, '0')}`;
  const oldStyle = `557058:${context.random.hex(8)}-${context.random.hex(4)}-4bb2-9e21-${context.random.hex(12)}`;
  const cloudId = number % 2 === 0 ? oldStyle : `5b10${context.random.hex(20)}`;
  const zones = Object.keys(zoneOffsets);
  return {
    accountId: context.options.flavour === 'cloud' ? cloudId : key,
    name,
    key,
    displayName: `${first} Tester ${number}`,
    email: `${name}@example.com`,
    active: true,
    zone: zones[number % zones.length]!,
    deleted: false,
    ...fields,
  };
}
