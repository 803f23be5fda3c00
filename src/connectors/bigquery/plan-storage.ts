export async function planStorage(..._: unknown[]): Promise<null> {
  return null;
}
