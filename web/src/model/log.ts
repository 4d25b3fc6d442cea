/** Lines of a run's log: which are shown, and how they are saved. */
import type { Schemas } from '@/api/client';

type Line = Schemas['LogLineDocument'];
export type Level = 'INFO' | 'WARNING' | 'ERROR';

const RANKS: Record<string, number> = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 };
const rank = (level: string): number => RANKS[level.toUpperCase()] ?? 1;

/** Lines that are at least this bad; `INFO` is all of them. */
export function atLeast(lines: readonly Line[], level: Level): readonly Line[] {
  return level === 'INFO' ? lines : lines.filter((line) => rank(line.level) >= rank(level));
}

/** Lines in which a text occurs, in small or large letters. */
export function withText(lines: readonly Line[], text: string): readonly Line[] {
  const wanted = text.trim().toLowerCase();
  return wanted === '' ? lines : lines.filter(({ message }) => message.toLowerCase().includes(wanted));
}

/** `22:05:09`, by the clock of who looks. */
export function clockTime(time: number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

export function asText(lines: readonly Line[]): string {
  return lines
    .map(({ logged_at, level, message }) => `${new Date(logged_at).toISOString()} ${level} ${message}\n`)
    .join('');
}
