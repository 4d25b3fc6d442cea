/**
 * Where one is in content that is taller than a browser lets an element be (Chromium 33 million pixels, Firefox 17).
 *
 * Up to `TALLEST` the scroll position is the place in the content. Beyond it the middle of the scrollbar's range stands
 * for more content than it has pixels; both ends stay as they are, so that nobody who arrives there skips anything.
 */
export interface Extent {
  /** Pixels of everything. */
  content: number;
  /** Pixels of what is in view. */
  viewport: number;
}

export const TALLEST = 8_000_000;
const PLAIN_END = 1_000_000;

/** The height that the scrolled element is given. */
export function scrolledHeight({ content }: Extent): number {
  return Math.min(content, TALLEST);
}

/** The place in the content that a scroll position stands for. */
export function offsetAt(scrollTop: number, extent: Extent): number {
  const { last, lastScroll } = endsOf(extent);
  if (extent.content <= TALLEST || scrollTop <= PLAIN_END) return clamp(scrollTop, last);
  const fromEnd = lastScroll - scrollTop;
  if (fromEnd <= PLAIN_END) return clamp(last - fromEnd, last);
  return PLAIN_END + (scrollTop - PLAIN_END) * scaleOf(extent);
}

/** The scroll position that stands for a place in the content. */
export function scrollTopAt(offset: number, extent: Extent): number {
  const { last, lastScroll } = endsOf(extent);
  if (extent.content <= TALLEST || offset <= PLAIN_END) return clamp(offset, lastScroll);
  const fromEnd = last - offset;
  if (fromEnd <= PLAIN_END) return clamp(lastScroll - fromEnd, lastScroll);
  return PLAIN_END + (offset - PLAIN_END) / scaleOf(extent);
}

/**
 * Where a move of the scroll position leads. A short one is a wheel or a key and moves the content by as many pixels; a
 * long one is somebody who drags the scrollbar, and means the place.
 */
export function offsetAfter(
  from: { scrollTop: number; offset: number },
  scrollTop: number,
  extent: Extent,
): number {
  const moved = scrollTop - from.scrollTop;
  const isShort = Math.abs(moved) <= 2 * extent.viewport;
  if (extent.content <= TALLEST || !isShort) return offsetAt(scrollTop, extent);
  return clamp(from.offset + moved, endsOf(extent).last);
}

/** The rows of equal height of which something is in view: from the first to before the last. */
export function rowsInView(
  offset: number,
  viewport: number,
  rowHeight: number,
  rowCount: number,
  beyond = 0,
): [number, number] {
  const first = Math.floor(offset / rowHeight) - beyond;
  const end = Math.ceil((offset + viewport) / rowHeight) + beyond;
  return [Math.max(0, Math.min(first, rowCount)), Math.max(0, Math.min(end, rowCount))];
}

function endsOf(extent: Extent): { last: number; lastScroll: number } {
  return {
    last: Math.max(0, extent.content - extent.viewport),
    lastScroll: Math.max(0, scrolledHeight(extent) - extent.viewport),
  };
}

/** Pixels of content per pixel of the scrollbar's range, in its middle. */
function scaleOf(extent: Extent): number {
  const { last, lastScroll } = endsOf(extent);
  return (last - 2 * PLAIN_END) / (lastScroll - 2 * PLAIN_END);
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}
