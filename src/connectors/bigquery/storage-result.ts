export async function openStoredResult(..._: unknown[]): Promise<null> {
  return null;
}
