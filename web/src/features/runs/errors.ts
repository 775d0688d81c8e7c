/** Why an attempt failed, out of the open JSON it is recorded as. */
export function errorOf(error: unknown): { code: string; message: string } | null {
  if (typeof error !== "object" || error === null) return typeof error === "string" ? { code: "", message: error } : null;
  const { code, message } = error as Record<string, unknown>;
  return { code: typeof code === "string" ? code : "", message: typeof message === "string" ? message : JSON.stringify(error) };
}
