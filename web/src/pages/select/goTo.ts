/** Bring a part of the page into view, and go on from there with the keyboard. */
export function goTo(part: HTMLElement | null): void {
  part?.scrollIntoView({ block: 'start' });
  part?.focus({ preventScroll: true });
}
