import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
} from 'react';
import { membersOfFilter, type Sample, type SampleRow } from '@/api/queries/samples';
import { MOVING_KEYS, moved } from '@/model/cursor';
import { useSelection } from '@/model/selection';
import { useWalk } from '@/model/walk';
import { notifyProblem } from '@/ui/notify';
import { isOfControl, nameOf, useKeys, type Keys } from '@/ui/useKeys';
import { usePicking } from './usePicking';
import type { RowAccess } from './useSampleRow';

interface CursorOptions {
  box: RefObject<HTMLElement | null>;
  row: SampleRow;
  access: RowAccess;
  total: number;
  columns: number;
  rows: {
    first: number;
    end: number;
    pageRows: number;
    scrollToRow(row: number, where: 'top' | 'nearest'): void;
    topRow(): number;
  };
  focus?: string;
  onOpen?: (sample: Sample) => void;
  onClose?: () => void;
  ownsKeys?: boolean;
}

export interface GridCursor {
  /** The tile that keys act on. */
  position: number | null;
  /** The tile that Tab leads to. */
  tabStop: number;
  onClick(position: number, event: MouseEvent): void;
  onPick(position: number, event: MouseEvent): void;
  onKeyDown(event: KeyboardEvent): void;
}

const LETTERS: Record<string, string> = { h: 'ArrowLeft', j: 'ArrowDown', k: 'ArrowUp', l: 'ArrowRight' };

/** Walking through a grid with keys, picking from it, and opening what is there. */
export function useGridCursor(options: CursorOptions): GridCursor {
  const { box, row, access, total, columns, rows, focus, onOpen, onClose, ownsKeys = false } = options;
  const [cursor, setCursor] = useState<{ row: SampleRow; position: number } | null>(null);
  const position = cursor !== null && cursor.row === row && cursor.position < total ? cursor.position : null;
  const picking = usePicking(access);
  const wantsFocus = useRef(false);
  useWalkThrough(row, access, total, focus !== undefined);

  useLayoutEffect(() => {
    if (!wantsFocus.current || position === null) return;
    const cell = box.current?.querySelector<HTMLElement>(`[data-position="${position}"]`);
    if (!cell) return;
    wantsFocus.current = false;
    cell.focus({ preventScroll: true });
  });

  const open = (at: number) => {
    access
      .sampleAt(at)
      .then((sample) => sample && onOpen?.(sample))
      .catch(notifyProblem);
  };

  const stand = (at: number) => {
    setCursor({ row, position: at });
    rows.scrollToRow(Math.floor(at / columns), 'nearest');
  };

  // Whoever goes on in the inspector finds the grid at the same place.
  const focused = focus === undefined ? -1 : access.positionOf(focus);
  const seen = useRef(focus);
  useEffect(() => {
    if (focus === seen.current || focused < 0) return;
    seen.current = focus;
    setCursor({ row, position: focused });
    rows.scrollToRow(Math.floor(focused / columns), 'nearest');
  }, [focus, focused, row, rows, columns]);

  const move = (key: string, isRange: boolean) => {
    if (total === 0) return;
    const shape = { total, columns, pageRows: rows.pageRows };
    const next = moved(position, key, shape, rows.topRow() * columns);
    wantsFocus.current = true;
    stand(next);
    if (isRange) void picking.extendTo(next, position ?? next);
    else {
      picking.forgetAnchor();
      if (focus !== undefined && next !== position) open(next);
    }
  };

  const peel = () => {
    if (focus !== undefined && onClose !== undefined) onClose();
    else if (position !== null) setCursor(null);
    else useSelection.getState().clear();
  };

  const pickAll = () => {
    membersOfFilter(row.datasetId, row.filter)
      .then((members) => useSelection.getState().replace(useSelection.getState().members.union(members)))
      .catch(notifyProblem);
  };

  const keys: Keys = {
    ' ': () => position !== null && void picking.toggle(position),
    Enter: () => position !== null && open(position),
    Escape: peel,
    'ctrl+a': pickAll,
  };
  for (const key of MOVING_KEYS) {
    keys[key] = () => move(key, false);
    keys[`shift+${key}`] = () => move(key, true);
  }
  for (const [letter, key] of Object.entries(LETTERS)) {
    keys[letter] = () => move(key, false);
    keys[`shift+${letter}`] = () => move(key, true);
  }
  useKeys(keys, { isActive: ownsKeys });

  return {
    position,
    tabStop: position !== null && isDrawn(position, rows, columns) ? position : rows.first * columns,
    onClick: (at, event) => {
      setCursor({ row, position: at });
      if (event.shiftKey) void picking.extendTo(at, position ?? at);
      else if (event.ctrlKey || event.metaKey) void picking.toggle(at);
      else open(at);
    },
    onPick: (at, event) => {
      setCursor({ row, position: at });
      if (event.shiftKey) void picking.extendTo(at, position ?? at);
      else void picking.toggle(at);
    },
    onKeyDown: (event) => {
      if (ownsKeys || event.defaultPrevented || isOfControl(event.nativeEvent)) return;
      const action = keys[nameOf(event)];
      if (action === undefined) return;
      event.preventDefault();
      action(event.nativeEvent);
    },
  };
}

function isDrawn(position: number, rows: { first: number; end: number }, columns: number): boolean {
  return position >= rows.first * columns && position < rows.end * columns;
}

/** Let the inspector go on along this row. */
function useWalkThrough(row: SampleRow, access: RowAccess, total: number, isOpen: boolean): void {
  const setWalk = useWalk((state) => state.setWalk);
  const walk = useMemo(
    () => ({
      total,
      positionOf: access.positionOf,
      sampleAt: async (position: number) => (await access.sampleAt(position))?.id ?? '',
    }),
    [access, total],
  );
  useEffect(() => {
    if (isOpen) setWalk(walk);
  }, [isOpen, walk, setWalk, row]);
}
