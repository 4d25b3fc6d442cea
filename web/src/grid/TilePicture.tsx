import { Tooltip } from '@mantine/core';
import { ImageOff } from 'lucide-react';
import { useState } from 'react';
import { fetchBytes, ProblemError } from '@/api/client';
import classes from './SampleTile.module.css';

interface TilePictureProps {
  url: string;
  alt: string;
  width: number;
  height: number;
}

/** A picture in the size it is shown at, on a calm ground until it is there; why, where it cannot be shown. */
export function TilePicture({ url, alt, width, height }: TilePictureProps) {
  const [broken, setBroken] = useState<{ url: string; reason: string } | null>(null);
  if (broken?.url === url) {
    return (
      <Tooltip label={broken.reason} multiline maw={320}>
        <span
          className={classes.broken}
          style={{ width, height }}
          role="img"
          aria-label={`${alt}: ${broken.reason}`}
        >
          <ImageOff size={Math.min(22, width / 2)} strokeWidth={1.4} aria-hidden />
        </span>
      </Tooltip>
    );
  }
  return (
    <img
      className={classes.picture}
      src={url}
      alt={alt}
      width={width}
      height={height}
      loading="lazy"
      decoding="async"
      draggable={false}
      onError={() => void reasonFor(url).then((reason) => setBroken({ url, reason }))}
    />
  );
}

/** Why there is no picture, in the words of the server. */
async function reasonFor(url: string): Promise<string> {
  try {
    await fetchBytes(url);
    return 'The picture cannot be read';
  } catch (error) {
    return error instanceof ProblemError ? error.message : String(error);
  }
}
