/** Which field of a form a refusal of the server is about. */
import { ProblemError } from '@/api/client';

/** What is wrong with a field: of the first of these names that the server has named, or of something inside it. */
export type FieldErrors = (...names: string[]) => string | undefined;

export function fieldErrors(error: unknown): FieldErrors {
  if (!(error instanceof ProblemError)) return () => undefined;
  const { field, fields, detail, hint } = error.problem;
  const told =
    fields != null && fields.length > 0
      ? fields
      : field == null
        ? []
        : [{ field, detail: hint ? `${detail}. ${hint}` : detail }];
  return (...names) => {
    const about = told.find(({ field: found }) => {
      const path = withDots(found);
      return names.some((name) => path === name || path.startsWith(`${name}.`));
    });
    // At the field nobody needs to be told which one it is.
    return about?.detail.replace(`\`${about.field}\`: `, '');
  };
}

/** One way to write the place in a list: `strategies[1].input` is `strategies.1.input`. */
const withDots = (path: string): string => path.replace(/\[(\d+)\]/g, '.$1');

/** The errors of what lies below a place. */
export function errorsBelow(errors: FieldErrors, place: string): FieldErrors {
  return (...names) => errors(...names.map((name) => `${place}.${name}`));
}
