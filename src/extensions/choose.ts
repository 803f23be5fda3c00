/** Chooses from what was brought the extensions that this DuckDB can load. Pure. */
import type { DriverIdentity } from '../duckdb/driver-identity.ts';
import { judgeFooter } from '../duckdb/probe-extension.ts';
import { AttacheError } from '../errors/attache-error.ts';
import type { BroughtExtension } from './unpack.ts';

/** One for each name; with `name` only that one. Throws and says what each file is when none fits. */
export function chooseExtensions(
  brought: readonly BroughtExtension[],
  name: string | null,
  needs: DriverIdentity,
  from: string,
): BroughtExtension[] {
  const wanted = brought.filter((each) => name === null || each.name === name);
  if (wanted.length === 0) throw nothingThere(brought, name, from);
  const fitting = wanted.filter((each) => judgeFooter(each.footer, needs) === 'available');
  if (fitting.length === 0) throw nothingFits(wanted, needs);
  return [...new Map(fitting.map((each) => [each.name, each])).values()];
}

function nothingThere(brought: readonly BroughtExtension[], name: string | null, from: string): AttacheError {
  const names = [...new Set(brought.map((each) => each.name))].sort();
  return new AttacheError('not_found', {
    message:
      name === null || names.length === 0
        ? `There is no DuckDB extension in ${from}.`
        : `There is no ${name} in ${from}; it holds ${names.join(', ')}.`,
    hint: 'It wants a file NAME.duckdb_extension, the same packed (.gz), or a wheel with one inside, e.g. from `pip download --no-deps duckdb-extension-postgres-scanner==1.5.5`.',
  });
}

function nothingFits(wanted: readonly BroughtExtension[], needs: DriverIdentity): AttacheError {
  const reasons = wanted.map((each) => `${each.from} ${whyNot(each, needs)}`);
  return new AttacheError('unsupported', {
    message: `This is DuckDB ${needs.version} on ${needs.platform}: ${reasons.join('; ')}.`,
    hint: `Bring the extension of exactly DuckDB ${needs.version} for ${needs.platform}. Nothing was changed.`,
  });
}

function whyNot({ footer }: BroughtExtension, needs: DriverIdentity): string {
  switch (judgeFooter(footer, needs)) {
    case 'wrong_platform':
      return `was built for ${footer!.platform}`;
    case 'wrong_version':
      return `was built for DuckDB ${footer!.version}`;
    case 'unsigned':
      return 'has no signature, and unsigned extensions are not loaded';
    default:
      return 'is not a DuckDB extension: it was cut off, or is an error page';
  }
}
