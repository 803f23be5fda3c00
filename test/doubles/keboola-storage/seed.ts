/** Two projects with the same shape and the tokens a test needs. */
import type { Clock } from './clock.ts';
import type { Project, Token } from './world.ts';

export interface TokenValues {
  master: string;
  readOneBucket: string;
  expired: string;
  disabled: string;
  otherProject: string;
}

export function seedProjects(clock: Clock): Project[] {
  const branches = (id: number) => [
    { id, name: 'Main', isDefault: true, createdMs: clock.now(), buckets: new Map() },
    { id: id + 1, name: 'dev', isDefault: false, createdMs: clock.now(), buckets: new Map() },
  ];
  return [
    { id: 4711, name: 'Double', branches: branches(101) },
    { id: 4712, name: 'Somebody else', branches: branches(201) },
  ];
}

export function seedTokens(
  clock: Clock,
  [own, other]: Project[],
  readableBucket: string,
): { tokens: Token[]; values: TokenValues } {
  const token = (project: Project, n: number, description: string, rest: Partial<Token> = {}): Token => ({
    id: String(9000 + n),
    // The shape of a real token: project, token, random part.
    value: `${project.id}-${9000 + n}-${description.padEnd(10, 'x')}SecretOfTheDouble${n}`,
    description,
    project,
    isMaster: true,
    isDisabled: false,
    bucketPermissions: {},
    ...rest,
  });
  const tokens = [
    token(own!, 1, 'master'),
    token(own!, 2, 'readOne', { isMaster: false, bucketPermissions: { [readableBucket]: 'read' } }),
    token(own!, 3, 'expired', { expiresMs: clock.now() - 86_400_000 }),
    token(own!, 4, 'disabled', { isDisabled: true }),
    token(other!, 5, 'other'),
  ];
  const [master, readOneBucket, expired, disabled, otherProject] = tokens.map(({ value }) => value) as [
    string,
    string,
    string,
    string,
    string,
  ];
  return { tokens, values: { master, readOneBucket, expired, disabled, otherProject } };
}
