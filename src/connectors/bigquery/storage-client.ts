export interface Storage {
  mayRead(): Promise<boolean>;
  close(): Promise<void>;
}
export function openStorage(_: unknown): Storage {
  return { mayRead: async () => false, close: async () => {} };
}
