import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Boxes, Images } from 'lucide-react';
import { datasetQuery, type DatasetFamily } from '@/api/queries/datasets';
import { counted } from '@/model/format';
import classes from './Overview.module.css';

/** From images to their objects and back. */
export function FamilySwitch({ family: { dataset, images, crops } }: { family: DatasetFamily }) {
  const imagesDetails = useQuery({ ...datasetQuery(images.id), enabled: images.id !== '' });
  if (crops.length === 0 || images.id === '') return null;
  const imageCount = imagesDetails.data?.sample_count;
  const mark = (id: string) => (id === dataset.id ? 'page' : undefined);
  return (
    <nav className={classes.switch} aria-label="Images and objects">
      <Link to="/d/$dataset" params={{ dataset: images.id }} aria-current={mark(images.id)}>
        <Images size={15} aria-hidden />
        <span>Images</span>
        <small>{imageCount === undefined ? '' : counted(imageCount, 'image')}</small>
      </Link>
      {crops.map((one) => (
        <Link key={one.id} to="/d/$dataset" params={{ dataset: one.id }} aria-current={mark(one.id)}>
          <Boxes size={15} aria-hidden />
          <span>{crops.length === 1 ? 'Objects' : one.name}</span>
          <small>{counted(one.sample_count, 'object')}</small>
        </Link>
      ))}
    </nav>
  );
}
