import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { membersOfRow, PAGE_SIZE, samplePageQuery, type Sample, type SampleRow } from '@/api/queries/samples';
import { Bitmap } from '@/model/bitmap';
import { useSettled } from './useSettled';

const REST_MS = 80;
const WHILE_MOVING_MS = 400;

/** What one sees of a row of samples. */
export interface RowInView {
  /** The row that is shown: the one asked for, or the one before it until that has arrived. */
  row: SampleRow;
  total: number | undefined;
  isChanging: boolean;
  error: unknown;
  retry: () => void;
}

/** Ask for a row, and keep showing the one before until the first page of it is there. */
export function useRowInView(asked: SampleRow): RowInView {
  const [row, setRow] = useState(asked);
  const isOther = rowKey(row) !== rowKey(asked);
  const wanted = useQuery(samplePageQuery(asked, 0));
  const shown = useQuery(samplePageQuery(row, 0));
  if (isOther && wanted.data !== undefined) setRow(asked);
  return {
    row,
    total: shown.data?.total,
    isChanging: isOther,
    error: wanted.data === undefined ? wanted.error : null,
    retry: () => void wanted.refetch(),
  };
}

export function rowKey(row: SampleRow): string {
  return JSON.stringify(row);
}

/** The samples at places of a row. Pages are fetched where somebody stays, not where somebody rushes past. */
export function useSamplesAt(
  row: SampleRow,
  first: number,
  end: number,
): (position: number) => Sample | undefined {
  const client = useQueryClient();
  const firstPage = Math.floor(first / PAGE_SIZE);
  const pageCount = Math.max(0, Math.ceil(end / PAGE_SIZE) - firstPage);
  const settledAt = useSettled(`${firstPage}+${pageCount}`, REST_MS, WHILE_MOVING_MS);
  const isSettled = settledAt === `${firstPage}+${pageCount}`;
  const pages = useQueries({
    queries: Array.from({ length: pageCount }, (_, at) => {
      const query = samplePageQuery(row, firstPage + at);
      return { ...query, enabled: isSettled || client.getQueryState(query.queryKey)?.data !== undefined };
    }),
  });
  return (position) => pages[Math.floor(position / PAGE_SIZE) - firstPage]?.data?.items[position % PAGE_SIZE];
}

/** The samples of a row by their places, fetched where they are not there yet; and their places, as far as known. */
export interface RowAccess {
  sampleAt(position: number): Promise<Sample | undefined>;
  /** Those from one place to another, both included. */
  membersBetween(first: number, last: number): Promise<Bitmap>;
  /** The place of a sample among the pages that were looked at, or -1. */
  positionOf(sampleId: string): number;
}

export function useRowAccess(row: SampleRow): RowAccess {
  const client = useQueryClient();
  const page = useCallback((at: number) => client.fetchQuery(samplePageQuery(row, at)), [client, row]);
  return useMemo(
    () => ({
      sampleAt: async (position) =>
        (await page(Math.floor(position / PAGE_SIZE))).items[position % PAGE_SIZE],
      membersBetween: async (first, last) => {
        const at = Math.floor(first / PAGE_SIZE);
        // Short ranges are among what one looks at; of long ones only the server knows all.
        if (Math.floor(last / PAGE_SIZE) > at + 1) return membersOfRow(row, first, last);
        const items = [
          ...(await page(at)).items,
          ...(last < (at + 1) * PAGE_SIZE ? [] : (await page(at + 1)).items),
        ];
        const start = at * PAGE_SIZE;
        return Bitmap.of(items.slice(first - start, last - start + 1).map(({ index }) => index));
      },
      positionOf: (sampleId) => {
        const prefix = ['samples', row.datasetId, 'page', row];
        for (const [key, data] of client.getQueriesData<{ items: Sample[] }>({ queryKey: prefix })) {
          const at = data?.items.findIndex((sample) => sample.id === sampleId) ?? -1;
          if (at >= 0) return Number(key[4]) * PAGE_SIZE + at;
        }
        return -1;
      },
    }),
    [client, page, row],
  );
}
