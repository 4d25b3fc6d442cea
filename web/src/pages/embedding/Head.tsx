import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { ImageDown, ListFilter } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Projection } from '@/api/queries/projections';
import { CopyButton } from '@/ui/CopyButton';
import type { MapSurface } from '@/scatter/surface';
import { ColorSelect } from './ColorSelect';
import { METHOD_NAMES } from '@/model/mapMethods';
import { ProjectionPicker } from './ProjectionPicker';
import { savePicture } from './savePicture';
import type { MapState } from './useMapState';
import classes from './Embedding.module.css';

interface HeadProps {
  dataset: DatasetDetails;
  projections: readonly Projection[];
  projection: Projection | undefined;
  color: string;
  state: MapState;
  surface: MapSurface | null;
  hasFilters: boolean;
  onFilters: (hasFilters: boolean) => void;
}

/** Which map, coloured by what, and what can be taken along from it. */
export function Head(props: HeadProps) {
  const { dataset, projections, projection, color, state, surface, hasFilters, onFilters } = props;
  const save = async () => {
    const picture = await surface?.picture();
    if (!picture || projection === undefined) return;
    savePicture(picture, `${dataset.name} ${METHOD_NAMES[projection.method]}.png`);
  };
  return (
    <div className={classes.head}>
      <Button
        size="xs"
        variant={hasFilters ? 'light' : 'default'}
        leftSection={<ListFilter size={14} />}
        aria-pressed={hasFilters}
        onClick={() => onFilters(!hasFilters)}
      >
        Filter
      </Button>
      <ProjectionPicker
        datasetId={dataset.id}
        projections={projections}
        current={projection}
        onPick={state.setProjection}
      />
      {surface !== null && projection !== undefined && (
        <ColorSelect dataset={dataset} projection={projection} color={color} onColor={state.setColor} />
      )}
      <span className={classes.space} />
      <CopyButton text={window.location.href} label="Copy a link to this view" />
      {surface !== null && (
        <Tooltip label="Save the map as a picture">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Save the map as a picture"
            onClick={() => void save()}
          >
            <ImageDown size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  );
}
