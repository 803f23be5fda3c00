/** Users: Cloud hides the email and has account ids, Server has names and keys. */
import type { Json, User } from '../model/records.ts';
import { restUrl, type View } from './view.ts';

export function userShape(view: View, user: User): Json {
  return view.flavour === 'cloud' ? cloudUser(view, user) : serverUser(view, user);
}

/** A user who may be absent. */
export function userOrNull(view: View, accountId: string | null): Json | null {
  if (accountId === null) return null;
  const user = view.state.users.get(accountId);
  return user ? userShape(view, user) : null;
}

function cloudUser(view: View, user: User): Json {
  return {
    self: restUrl(view, `user?accountId=${encodeURIComponent(user.accountId)}`),
    accountId: user.accountId,
    avatarUrls: avatars(gravatar(user)),
    displayName: user.displayName,
    active: user.active,
    timeZone: user.zone,
    accountType: 'atlassian',
  };
}

/** Long, as on a real site: these addresses are a good part of every body. */
function gravatar({ key, name }: User): string {
  const fallback = encodeURIComponent(
    `https://avatar-management--avatars.us-west-2.prod.public.example.net/initials/${name}-3.png`,
  );
  return `https://secure.gravatar.example/avatar/${key.padEnd(32, '0').toLowerCase()}?d=${fallback}`;
}

/** Recorded Server bodies hold the literal "?" where an email is hidden and "true" as text; one user in three is so. */
function serverUser(view: View, user: User): Json {
  const odd = view.channel === 'webhook' && user.key.endsWith('3');
  return {
    self: restUrl(view, `user?username=${encodeURIComponent(user.name)}`),
    name: user.name,
    key: user.key,
    emailAddress: odd ? '?' : user.email,
    avatarUrls: avatars(`${view.siteUrl}/secure/useravatar?ownerId=${user.key}`),
    displayName: user.displayName,
    active: odd ? String(user.active) : user.active,
    timeZone: user.zone,
  };
}

export function avatars(base: string): Json {
  const join = base.includes('?') ? '&' : '?';
  return Object.fromEntries([48, 24, 16, 32].map((size) => [`${size}x${size}`, `${base}${join}s=${size}`]));
}
