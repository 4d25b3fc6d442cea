import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import type { MapPoints } from '@/api/points';
import { sampleAtQuery } from '@/api/queries/samples';
import type { Size } from '@/scatter/camera';
import { HoverCard } from '@/scatter/HoverCard';
import type { Hovered } from '@/scatter/surface';

/** The pointer rests when it has been on a point for so long; on its way it asks for nothing. */
const RESTS_AFTER_MS = 16;

interface HoverSampleProps {
  datasetId: string;
  points: MapPoints;
  hovered: Hovered | null;
  within: Size;
}

/** The card of the point on which the pointer rests. */
export function HoverSample({ datasetId, points, hovered, within }: HoverSampleProps) {
  const [rested] = useDebouncedValue(hovered, RESTS_AFTER_MS);
  const index = rested === null ? undefined : points.samples[rested.point];
  const { data } = useQuery({ ...sampleAtQuery(datasetId, index ?? 0), enabled: index !== undefined });
  if (hovered === null || hovered !== rested || data?.index !== index || data === undefined) return null;
  return <HoverCard sample={data} at={hovered.at} within={within} />;
}
