import { ApiError } from "./api";

/**
 * The messages of a refusal by field, for a form's `setErrors`. Paths arrive as `email`, `$.email`, `/email` or `availability[0].from`;
 * what belongs to no field of the form is left for the message above it.
 */
export function fieldErrors(error: unknown, fields: readonly string[]): { byField: Record<string, string>; others: string[] } {
  const byField: Record<string, string> = {};
  const others: string[] = [];
  if (!(error instanceof ApiError)) return { byField, others };
  for (const { path, message } of error.errors) {
    const plain = path.replace(/^[$/.]+/, "").replaceAll("/", ".");
    const head = plain.split(/[.[]/)[0] ?? "";
    const field = fields.includes(plain) ? plain : fields.find((candidate) => candidate.toLowerCase() === head.toLowerCase());
    if (field && !(field in byField)) byField[field] = message;
    else others.push(field || plain === "" ? message : `${plain}: ${message}`);
  }
  return { byField, others };
}
