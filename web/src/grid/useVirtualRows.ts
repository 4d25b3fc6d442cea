import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import { offsetAfter, rowsInView, scrolledHeight, scrollTopAt, type Extent } from '@/model/scrolling';

const ROWS_BEYOND = 2;
const REST_MS = 140;

/** Pixels above the first row and below the last, together. */
export const PADDING = 24;

interface Shape {
  rowCount: number;
  rowHeight: number;
  /** Tiles in a row: when it changes, the first one in view stays in view. */
  columns: number;
  viewport: number;
}

interface VirtualRows {
  /** Rows to draw: from the first to before the last. */
  first: number;
  end: number;
  /** Rows that are in view at once. */
  pageRows: number;
  /** Height of the element that is scrolled. */
  height: number;
  /** Where a row lies in it. */
  topOf(row: number): number;
  onScroll(): void;
  /** Bring a row into view: at the top of it, or wherever moves least. */
  scrollToRow(row: number, where: 'top' | 'nearest'): void;
  /** The first row that is wholly in view. */
  topRow(): number;
}

/**
 * Rows of equal height of which only those in view are drawn, however many there are. They need no measuring, and must be
 * scrolled further than a browser lets elements be high: that is why this is not done by a library.
 */
export function useVirtualRows(
  box: RefObject<HTMLElement | null>,
  { rowCount, rowHeight, columns, viewport }: Shape,
): VirtualRows {
  const content = rowCount * rowHeight + PADDING;
  const extent: Extent = { content, viewport };
  const latest = useRef({ extent, rowHeight, rowCount, columns });
  const place = useRef({ scrollTop: 0, offset: 0 });
  const [view, setView] = useState({ first: 0, end: 0, shift: 0 });
  const restTimer = useRef(0);

  const show = useCallback(() => {
    const { extent, rowHeight, rowCount } = latest.current;
    const { offset, scrollTop } = place.current;
    const [first, end] = rowsInView(offset, extent.viewport, rowHeight, rowCount, ROWS_BEYOND);
    const shift = offset - scrollTop;
    setView((old) =>
      old.first === first && old.end === end && old.shift === shift ? old : { first, end, shift },
    );
  }, []);

  /** Go to a place in the content, with the scrollbar where it stands for that. */
  const goTo = useCallback(
    (offset: number) => {
      const { extent } = latest.current;
      const bounded = Math.max(0, Math.min(offset, extent.content - extent.viewport));
      if (box.current === null) return;
      box.current.scrollTo({ top: scrollTopAt(bounded, extent), behavior: 'instant' });
      const { scrollTop } = box.current;
      place.current = { scrollTop, offset: extent.content <= scrolledHeight(extent) ? scrollTop : bounded };
      show();
    },
    [box, show],
  );

  const onScroll = useCallback(() => {
    if (box.current === null) return;
    const { scrollTop } = box.current;
    place.current = { scrollTop, offset: offsetAfter(place.current, scrollTop, latest.current.extent) };
    show();
    window.clearTimeout(restTimer.current);
    restTimer.current = window.setTimeout(() => {
      const { content } = latest.current.extent;
      if (content > scrolledHeight(latest.current.extent)) goTo(place.current.offset);
    }, REST_MS);
  }, [box, goTo, show]);

  useLayoutEffect(() => {
    const old = latest.current;
    const { offset } = place.current;
    latest.current = { extent: { content, viewport }, rowHeight, rowCount, columns };
    if (old.columns === columns && old.rowHeight === rowHeight) goTo(offset);
    else goTo(Math.floor((Math.round(offset / old.rowHeight) * old.columns) / columns) * rowHeight);
  }, [content, viewport, rowHeight, rowCount, columns, goTo]);
  useEffect(() => () => window.clearTimeout(restTimer.current), []);

  const scrollToRow = useCallback(
    (row: number, where: 'top' | 'nearest') => {
      const { extent, rowHeight } = latest.current;
      const top = row * rowHeight;
      const { offset } = place.current;
      if (where === 'top' || top < offset) goTo(top);
      else if (top + rowHeight + PADDING > offset + extent.viewport)
        goTo(top + rowHeight + PADDING - extent.viewport);
    },
    [goTo],
  );

  return {
    first: Math.min(view.first, rowCount),
    end: Math.min(view.end, rowCount),
    pageRows: Math.max(1, Math.floor(viewport / Math.max(1, rowHeight))),
    height: scrolledHeight(extent),
    topOf: (row) => row * rowHeight + PADDING / 2 - view.shift,
    onScroll,
    scrollToRow,
    topRow: useCallback(() => Math.ceil((place.current.offset - 1) / latest.current.rowHeight), []),
  };
}
