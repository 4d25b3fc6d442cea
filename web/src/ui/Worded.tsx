import { Code } from '@mantine/core';

/** A sentence of the server, in which names and values from outside stand in backticks. */
export function Worded({ text }: { text: string }) {
  return text
    .split('`')
    .map((part, at, parts) =>
      isName(at, parts.length) ? <Code key={at}>{part}</Code> : part + orphan(at, parts.length),
    );
}

/** Every second part lies between two backticks. */
function isName(at: number, parts: number): boolean {
  return at % 2 === 1 && at < parts - 1;
}

/** A backtick without a second one is what it is. */
function orphan(at: number, parts: number): string {
  return at === parts - 2 && at % 2 === 0 ? '`' : '';
}
