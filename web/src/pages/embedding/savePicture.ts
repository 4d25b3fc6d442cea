/** Let the browser keep a picture as a file. */
export function savePicture(picture: Blob, name: string): void {
  const url = URL.createObjectURL(picture);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has to begin before the address goes.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
