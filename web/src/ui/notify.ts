import { notifications } from '@mantine/notifications';
import { ProblemError } from '@/api/client';

/** Say that something was done. */
export function notifyDone(message: string): void {
  notifications.show({ message, color: 'teal', autoClose: 4000 });
}

/** Say what went wrong, in the words of the server. */
export function notifyProblem(error: unknown): void {
  const problem = error instanceof ProblemError ? error.problem : null;
  const detail = problem?.detail ?? (error instanceof Error ? error.message : String(error));
  notifications.show({
    color: 'red',
    title: problem?.title ?? 'That did not work',
    message: problem?.hint ? `${detail}. ${problem.hint}` : detail,
    autoClose: 10_000,
  });
}
