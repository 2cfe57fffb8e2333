import type { Page } from "playwright-core";
import { z } from "zod";

/** Two pictures of one page laid over each other. */
export interface Marked {
  /** PNG: the later picture, with every place framed that is different from the earlier one. */
  picture: Buffer;
  /** Places that are different; 0 where the pictures are the same. */
  places: number;
}

const Result = z.object({ url: z.string(), places: z.number() });

/**
 * Frames what is different between two pictures. Works in a blank page, as a browser has all that it needs: the canvas and
 * the PNG codec.
 */
export async function markDifferences(page: Page, before: Buffer, after: Buffer): Promise<Marked> {
  const urls = [before, after].map((png) => `data:image/png;base64,${png.toString("base64")}`);
  const found: unknown = await page.evaluate(`(${IN_PAGE})(${JSON.stringify(urls)})`);
  const { url, places } = Result.parse(found);
  return { picture: Buffer.from(url.slice(url.indexOf(",") + 1), "base64"), places };
}

/** Runs in the page. Only what stands between the rows that are the same in both is compared. Cells of 16 pixels that differ and touch each other are one place. */
const IN_PAGE = `async ([before, after]) => {
  const CELL = 16, TOLERANCE = 24, MARGIN = 6;
  const load = (url) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("a picture can't be read"));
    image.src = url;
  });
  const [a, b] = await Promise.all([load(before), load(after)]);
  const width = Math.max(a.width, b.width), height = Math.max(a.height, b.height);
  const pixels = (image) => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return { canvas, context, data: context.getImageData(0, 0, width, height).data };
  };
  const old = pixels(a), now = pixels(b);
  // What is the same from the top down and from the bottom up is left out: new words push all below them further down.
  const words = (data) => new Uint32Array(data.buffer);
  const [oldWords, nowWords] = [words(old.data), words(now.data)];
  const sameRow = (y, z) => {
    for (let x = 0; x < width; x++) if (oldWords[y * width + x] !== nowWords[z * width + x]) return false;
    return true;
  };
  const least = Math.min(a.height, b.height);
  let top = 0, bottom = 0;
  while (top < least && sameRow(top, top)) top++;
  while (bottom < least - top && sameRow(a.height - 1 - bottom, b.height - 1 - bottom)) bottom++;
  const end = Math.max(b.height - bottom, top);
  const columns = Math.ceil(width / CELL), rows = Math.ceil(height / CELL);
  const differs = new Uint8Array(columns * rows);
  for (let y = top; y < end; y++)
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      let far = 0;
      for (let channel = 0; channel < 4; channel++)
        far = Math.max(far, Math.abs(old.data[at + channel] - now.data[at + channel]));
      if (far > TOLERANCE) differs[Math.floor(y / CELL) * columns + Math.floor(x / CELL)] = 1;
    }
  const { context, canvas } = now;
  context.strokeStyle = "#e5007d";
  context.lineWidth = 3;
  let places = 0;
  for (let start = 0; start < differs.length; start++) {
    if (!differs[start]) continue;
    places++;
    const box = { left: columns, top: rows, right: 0, bottom: 0 };
    const queue = [start];
    differs[start] = 0;
    while (queue.length > 0) {
      const cell = queue.pop();
      const x = cell % columns, y = Math.floor(cell / columns);
      box.left = Math.min(box.left, x); box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y); box.bottom = Math.max(box.bottom, y);
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++) {
          const nx = x + dx, ny = y + dy;
          if (nx < 0 || ny < 0 || nx >= columns || ny >= rows || !differs[ny * columns + nx]) continue;
          differs[ny * columns + nx] = 0;
          queue.push(ny * columns + nx);
        }
    }
    context.strokeRect(box.left * CELL - MARGIN, box.top * CELL - MARGIN,
      (box.right - box.left + 1) * CELL + 2 * MARGIN, (box.bottom - box.top + 1) * CELL + 2 * MARGIN);
  }
  return { url: canvas.toDataURL("image/png"), places };
}`;
