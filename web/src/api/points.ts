/** The columns of a map: places of its points, their samples, and the codes that colour them. */
import { fetchBytes } from './client';

export interface MapPoints {
  /** Places, in an order that makes any first part a fair sample. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** The index of each point's sample. */
  readonly samples: Uint32Array;
  /** The point of each sample, by sample index; -1 for samples that are not on the map. */
  readonly pointOf: Int32Array;
}

/** All points of one version of a map (`points_url` of its document). */
export async function fetchPoints(url: string, signal?: AbortSignal): Promise<MapPoints> {
  const { bytes, headers } = await fetchBytes(url, signal);
  return readPoints(bytes, Number(headers.get('Swath-Count')));
}

/** Float32 x of each point, then float32 y of each, then the uint32 index of the sample of each. */
export function readPoints(bytes: ArrayBuffer, count: number): MapPoints {
  if (bytes.byteLength !== count * 12) {
    throw new Error(`The server sent ${bytes.byteLength} bytes for ${count} points of 12 bytes each`);
  }
  const samples = new Uint32Array(bytes, count * 8, count);
  return {
    x: new Float32Array(bytes, 0, count),
    y: new Float32Array(bytes, count * 4, count),
    samples,
    pointOf: inverseOf(samples),
  };
}

/** The code of each point, in the order of the points (`url` of a legend). */
export async function fetchCodes(url: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array((await fetchBytes(url, signal)).bytes);
}

function inverseOf(samples: Uint32Array): Int32Array {
  const highest = samples.reduce((most, sample) => Math.max(most, sample), -1);
  const pointOf = new Int32Array(highest + 1).fill(-1);
  samples.forEach((sample, point) => {
    pointOf[sample] = point;
  });
  return pointOf;
}
