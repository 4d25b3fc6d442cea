/** A set of sample indices: bit i, counted from the lowest of the first byte, is the sample of index i. */
export class Bitmap {
  readonly bytes: Uint8Array;
  readonly count: number;
  private base64: string | undefined;

  constructor(bytes: Uint8Array = new Uint8Array(0), count?: number) {
    this.bytes = bytes;
    this.count = count ?? countBits(bytes);
  }

  static of(indices: Iterable<number>): Bitmap {
    return new Bitmap().with(indices);
  }

  /** All indices below `count`. */
  static full(count: number): Bitmap {
    const bytes = new Uint8Array(Math.ceil(count / 8)).fill(0xff);
    if (count % 8 !== 0) bytes[bytes.length - 1] = 0xff >> (8 - (count % 8));
    return new Bitmap(bytes, count);
  }

  static fromBase64(text: string): Bitmap {
    const binary = atob(text);
    return new Bitmap(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  }

  has(index: number): boolean {
    return (((this.bytes[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
  }

  /** This set and these indices. */
  with(indices: Iterable<number>): Bitmap {
    const wanted = [...indices];
    const highest = wanted.reduce((most, index) => Math.max(most, index), -1);
    const bytes = new Uint8Array(Math.max(this.bytes.length, (highest >> 3) + 1));
    bytes.set(this.bytes);
    for (const index of wanted) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
    return new Bitmap(bytes);
  }

  /** This set without these indices. */
  without(indices: Iterable<number>): Bitmap {
    const bytes = this.bytes.slice();
    for (const index of indices) {
      if (index >> 3 < bytes.length) bytes[index >> 3] = (bytes[index >> 3] ?? 0) & ~(1 << (index & 7));
    }
    return new Bitmap(bytes);
  }

  union(other: Bitmap): Bitmap {
    return this.combine(other, (mine, theirs) => mine | theirs);
  }

  minus(other: Bitmap): Bitmap {
    return this.combine(other, (mine, theirs) => mine & ~theirs);
  }

  intersect(other: Bitmap): Bitmap {
    return this.combine(other, (mine, theirs) => mine & theirs);
  }

  equals(other: Bitmap): boolean {
    return this.count === other.count && this.minus(other).count === 0;
  }

  /** The indices in ascending order. */
  *indices(): Generator<number> {
    for (let at = 0; at < this.bytes.length; at++) {
      const byte = this.bytes[at] ?? 0;
      if (byte === 0) continue;
      for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) yield at * 8 + bit;
    }
  }

  /** As the server takes it; it names the set in questions too, so it is made once. */
  toBase64(): string {
    this.base64 ??= this.encoded();
    return this.base64;
  }

  private encoded(): string {
    const pieces: string[] = [];
    for (let at = 0; at < this.bytes.length; at += 8192) {
      pieces.push(String.fromCharCode(...this.bytes.subarray(at, at + 8192)));
    }
    return btoa(pieces.join(''));
  }

  private combine(other: Bitmap, rule: (mine: number, theirs: number) => number): Bitmap {
    const bytes = new Uint8Array(Math.max(this.bytes.length, other.bytes.length));
    for (let at = 0; at < bytes.length; at++) bytes[at] = rule(this.bytes[at] ?? 0, other.bytes[at] ?? 0);
    return new Bitmap(bytes);
  }
}

const BITS_IN_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0;
  for (let rest = byte; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
});

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) count += BITS_IN_BYTE[byte] ?? 0;
  return count;
}
