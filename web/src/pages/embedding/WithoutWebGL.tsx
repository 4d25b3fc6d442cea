import { Alert } from '@mantine/core';
import { MonitorOff } from 'lucide-react';
import type { Projection } from '@/api/queries/projections';
import { counted } from '@/model/format';
import { useScheme } from '@/ui/useScheme';
import { METHOD_NAMES } from '@/model/mapMethods';
import classes from './Embedding.module.css';

const PICTURE = 1200;

/** The map where the browser cannot draw it: as a picture that the server draws. */
export function WithoutWebGL({ projection }: { projection: Projection }) {
  const scheme = useScheme();
  const name = `${METHOD_NAMES[projection.method]} map`;
  return (
    <div className={classes.flat}>
      <Alert variant="light" color="yellow" icon={<MonitorOff size={18} />} title="The map is a picture here">
        This browser does not offer WebGL 2, which drawing points needs: it may be turned off, or the graphics
        driver may be missing. The picture shows where points lie densely; the filter and the samples at the
        side work as ever.
      </Alert>
      <div>
        <img
          className={classes.density}
          src={`${projection.density_url}&size=${PICTURE}&scheme=${scheme}`}
          alt={`${name} of ${counted(projection.point_count, 'point')}: where they lie densely`}
        />
      </div>
    </div>
  );
}
