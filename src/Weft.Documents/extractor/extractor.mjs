// Reads PDFs for Weft.Documents.PdfExtractor: one request at a time over standard input and output.
//
//   request   u32 header length, u32 document length, header (JSON: id, maxPages, maxCharacters), document
//   answer    u32 header length, u32 characters' length, header (JSON), characters (RECORD bytes each)
//
// All integers little endian. The header of an answer has either `error` or `pages`, `styles` and `links`;
// the characters of all pages follow each other in the order of the pages. Coordinates are in points from the
// top left corner of the page as it is shown (crop box and rotation applied).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { init } from '@embedpdf/pdfium';

const RECORD = 32;
const GENERATED = 1, HYPHEN = 2, UNMAPPED = 4, INVISIBLE = 8;
const ERRORS = { 1: 'unknown', 2: 'damaged', 3: 'damaged', 4: 'encrypted', 5: 'encrypted', 6: 'damaged' };
const LINK_SUBTYPE_URI = 3;
const OBJECT_IMAGE = 3, OBJECT_FORM = 5;

// The library prints notes with console.log, which is our protocol's channel.
console.log = console.info = console.debug = console.error;

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve('@embedpdf/pdfium/pdfium.wasm'));
const { pdfium: heap, PDFiumExt_Init } = await init({ wasmBinary: wasm });
PDFiumExt_Init();
// The exports themselves: the package's typed wrappers cost more than the calls, ten of which are made per character.
// They take and give numbers (pointers, floats, 0/1); a string is passed as the address of its bytes.
const lib = heap.wasmExports;
const scratch = lib.malloc(256);

const f32 = (at) => heap.HEAPF32[at >> 2];
const f64 = (at) => heap.HEAPF64[at >> 3];
const i32 = (at) => heap.HEAP32[at >> 2];
const u32 = (at) => heap.HEAPU32[at >> 2];

/** Page units to points from the top left of the page as shown, as the six numbers of an affine map. */
function pageToView(page, width, height) {
  const grain = 64;
  const at = (x, y) => {
    lib.FPDF_PageToDevice(page, 0, 0, Math.round(width * grain), Math.round(height * grain), 0, x, y, scratch, scratch + 4);
    return [i32(scratch) / grain, i32(scratch + 4) / grain];
  };
  const [ox, oy] = at(0, 0), [xx, xy] = at(1000, 0), [yx, yy] = at(0, 1000);
  return [(xx - ox) / 1000, (xy - oy) / 1000, (yx - ox) / 1000, (yy - oy) / 1000, ox, oy];
}

function mapBox(m, left, top, right, bottom) {
  const x1 = m[0] * left + m[2] * top + m[4], y1 = m[1] * left + m[3] * top + m[5];
  const x2 = m[0] * right + m[2] * bottom + m[4], y2 = m[1] * right + m[3] * bottom + m[5];
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}

const round = (n) => Math.round(n * 100) / 100;

function fontOf(textPage, index) {
  const size = 128;
  const length = lib.FPDFText_GetFontInfo(textPage, index, scratch + 64, size, scratch);
  const name = length > 1 ? heap.UTF8ToString(scratch + 64, Math.min(length, size)) : '';
  return { name, flags: i32(scratch) };
}

/** The direction of writing as shown on the page, in radians, clockwise from left to right. */
function angleOf(textPage, index, map) {
  if (!lib.FPDFText_GetMatrix(textPage, index, scratch)) return 0;
  const a = f32(scratch), b = f32(scratch + 4);
  return a || b ? Math.atan2(map[1] * a + map[3] * b, map[0] * a + map[2] * b) : 0;
}

function styleOf(textPage, index, object) {
  const font = fontOf(textPage, index);
  let scale = 1;
  if (lib.FPDFText_GetMatrix(textPage, index, scratch)) {
    const c = f32(scratch + 8), d = f32(scratch + 12);
    scale = Math.hypot(c, d) || 1;
  }
  const coloured = lib.FPDFText_GetFillColor(textPage, index, scratch, scratch + 4, scratch + 8, scratch + 12);
  return {
    font: font.name,
    fontFlags: font.flags,
    size: round(lib.FPDFText_GetFontSize(textPage, index) * scale),
    weight: lib.FPDFText_GetFontWeight(textPage, index),
    color: coloured ? [u32(scratch) & 255, u32(scratch + 4) & 255, u32(scratch + 8) & 255, u32(scratch + 12) & 255] : [0, 0, 0, 255],
    mode: object ? lib.FPDFTextObj_GetTextRenderMode(object) : 0,
  };
}

const luminance = (r, g, b) => (r * 299 + g * 587 + b * 114) / 1000;

/** The page painted at one pixel a point: what a person sees decides what is visible. */
function paint(page, width, height) {
  const w = Math.max(1, Math.min(2000, Math.round(width))), h = Math.max(1, Math.min(2000, Math.round(height)));
  const bitmap = lib.FPDFBitmap_Create(w, h, 0);
  if (!bitmap) return null;
  lib.FPDFBitmap_FillRect(bitmap, 0, 0, w, h, 0xffffffff);
  lib.FPDF_RenderPageBitmap(bitmap, page, 0, 0, w, h, 0, 0);
  const stride = lib.FPDFBitmap_GetStride(bitmap), buffer = lib.FPDFBitmap_GetBuffer(bitmap);
  const grey = new Uint8Array(w * h);
  for (let y = 0; y < h; y++)
    for (let x = 0, at = buffer + y * stride; x < w; x++, at += 4)
      grey[y * w + x] = luminance(heap.HEAPU8[at + 2], heap.HEAPU8[at + 1], heap.HEAPU8[at]);
  lib.FPDFBitmap_Destroy(bitmap);
  return { w, h, grey, sx: w / width, sy: h / height };
}

const histogram = new Uint16Array(16);

/** Whether nothing of a character shows: no contrast at its place, or its own near-white on a near-white ground. */
function hidden(picture, box, style) {
  const x1 = Math.max(0, Math.floor(box[0] * picture.sx) - 1), x2 = Math.min(picture.w, Math.ceil(box[2] * picture.sx) + 1);
  const y1 = Math.max(0, Math.floor(box[1] * picture.sy)), y2 = Math.min(picture.h, Math.ceil(box[3] * picture.sy));
  if (x2 <= x1 || y2 <= y1) return true;
  let low = 255, high = 0;
  histogram.fill(0);
  for (let y = y1; y < y2; y++)
    for (let x = x1; x < x2; x++) {
      const g = picture.grey[y * picture.w + x];
      if (g < low) low = g;
      if (g > high) high = g;
      histogram[g >> 4]++;
    }
  if (high - low < 12) return true;
  const own = luminance(style.color[0], style.color[1], style.color[2]);
  if (own < 240) return false;
  let ground = 0;
  for (let i = 1; i < 16; i++) if (histogram[i] > histogram[ground]) ground = i;
  return ground === 15;
}

function linksOf(page, pageIndex, map, links) {
  heap.HEAP32[scratch >> 2] = 0;
  while (links.length < 500 && lib.FPDFLink_Enumerate(page, scratch, scratch + 4)) {
    const link = u32(scratch + 4);
    const action = lib.FPDFLink_GetAction(link);
    if (!action || lib.FPDFAction_GetType(action) !== LINK_SUBTYPE_URI) continue;
    const length = lib.FPDFAction_GetURIPath(current, action, 0, 0);
    if (length < 2 || length > 2048) continue;
    const at = lib.malloc(length);
    lib.FPDFAction_GetURIPath(current, action, at, length);
    const uri = heap.UTF8ToString(at, length);
    lib.free(at);
    if (!lib.FPDFLink_GetAnnotRect(link, scratch + 16)) continue;
    const box = mapBox(map, f32(scratch + 16), f32(scratch + 20), f32(scratch + 24), f32(scratch + 28)).map(round);
    links.push({ page: pageIndex, uri, box });
  }
}

function imagesOf(page, width, height) {
  let covered = 0;
  const count = Math.min(2000, lib.FPDFPage_CountObjects(page));
  for (let i = 0; i < count; i++) {
    const object = lib.FPDFPage_GetObject(page, i);
    const type = lib.FPDFPageObj_GetType(object);
    if (type !== OBJECT_IMAGE && type !== OBJECT_FORM) continue;
    if (lib.FPDFPageObj_GetBounds(object, scratch, scratch + 4, scratch + 8, scratch + 12))
      covered = Math.max(covered, Math.abs((f32(scratch + 8) - f32(scratch)) * (f32(scratch + 12) - f32(scratch + 4))) / (width * height));
  }
  return Math.min(1, round(covered));
}

let current = 0;

function read(bytes, limits) {
  const at = lib.malloc(bytes.length);
  if (!at) return { header: { error: 'memory' } };
  heap.HEAPU8.set(bytes, at);
  const doc = current = lib.FPDF_LoadMemDocument(at, bytes.length, 0);
  try {
    if (!doc) return { header: { error: ERRORS[lib.FPDF_GetLastError()] ?? 'unknown' } };
    const total = lib.FPDF_GetPageCount(doc);
    if (total < 1) return { header: { error: 'damaged' } };
    const pages = [], styles = [], links = [], chunks = [];
    const styleKeys = new Map();
    let left = limits.maxCharacters;
    let unread = 0;
    for (let p = 0; p < Math.min(total, limits.maxPages) && left > 0; p++) {
      const page = lib.FPDF_LoadPage(doc, p);
      if (!page) { unread++; continue; }
      const width = lib.FPDF_GetPageWidthF(page), height = lib.FPDF_GetPageHeightF(page);
      if (!(width > 0) || !(height > 0) || width > 20000 || height > 20000) { unread++; lib.FPDF_ClosePage(page); continue; }
      const text = lib.FPDFText_LoadPage(page);
      const count = text ? Math.max(0, Math.min(left, lib.FPDFText_CountChars(text))) : 0;
      left -= count;
      const map = pageToView(page, width, height);
      const picture = count > 0 ? paint(page, width, height) : null;
      const records = Buffer.alloc(count * RECORD);
      const view = new DataView(records.buffer, records.byteOffset, records.length);
      const byObject = new Map(), angles = new Map();
      let written = 0;
      for (let i = 0; i < count; i++) {
        let code = lib.FPDFText_GetUnicode(text, i);
        const generated = lib.FPDFText_IsGenerated(text, i) === 1;
        let flags = generated ? GENERATED : 0;
        let style = 0xffff, box = [0, 0, 0, 0], angle = 0, baseline = 0;
        if (!generated) {
          if (lib.FPDFText_HasUnicodeMapError(text, i) === 1) flags |= UNMAPPED;
          if (lib.FPDFText_IsHyphen(text, i) === 1) flags |= HYPHEN;
          const object = lib.FPDFText_GetTextObject(text, i);
          style = byObject.get(object) ?? -1;
          if (style < 0) {
            const made = styleOf(text, i, object);
            const key = JSON.stringify(made);
            style = styleKeys.get(key) ?? -1;
            if (style < 0) {
              style = Math.min(styles.length, 0xfffe);
              if (styles.length < 0xfffe) { styles.push(made); styleKeys.set(key, style); }
            }
            byObject.set(object, style);
            angles.set(object, angleOf(text, i, map));
          }
          angle = angles.get(object);
          if (lib.FPDFText_GetLooseCharBox(text, i, scratch))
            box = mapBox(map, f32(scratch), f32(scratch + 4), f32(scratch + 8), f32(scratch + 12));
          baseline = box[3];
          if (lib.FPDFText_GetCharOrigin(text, i, scratch, scratch + 8))
            baseline = map[1] * f64(scratch) + map[3] * f64(scratch + 8) + map[5];
          const drawn = styles[Math.min(style, styles.length - 1)];
          if (code > 32 && code !== 160) {
            if (drawn.color[3] < 16) flags |= INVISIBLE;
            else if (picture) {
              let tight = box;
              if (lib.FPDFText_GetCharBox(text, i, scratch, scratch + 8, scratch + 16, scratch + 24)) {
                const t = mapBox(map, f64(scratch), f64(scratch + 24), f64(scratch + 8), f64(scratch + 16));
                if (t[2] - t[0] > 0.2 && t[3] - t[1] > 0.2) tight = t;
              }
              if (hidden(picture, tight, drawn)) flags |= INVISIBLE;
            }
          }
        }
        const o = written++ * RECORD;
        view.setUint32(o, code, true);
        for (let k = 0; k < 4; k++) view.setFloat32(o + 4 + 4 * k, box[k], true);
        view.setFloat32(o + 20, baseline, true);
        view.setFloat32(o + 24, angle, true);
        view.setUint16(o + 28, style, true);
        view.setUint16(o + 30, flags, true);
      }
      if (text) lib.FPDFText_ClosePage(text);
      linksOf(page, pages.length, map, links);
      pages.push({ number: p + 1, width: round(width), height: round(height), characters: count, imageCover: imagesOf(page, width, height) });
      lib.FPDF_ClosePage(page);
      chunks.push(records);
    }
    if (pages.length === 0) return { header: { error: 'damaged' } };
    return { header: { pageCount: total, unread, cut: left <= 0, pages, styles, links }, body: Buffer.concat(chunks) };
  } finally {
    if (doc) lib.FPDF_CloseDocument(doc);
    lib.free(at);
    current = 0;
  }
}

function answer(header, body = Buffer.alloc(0)) {
  const text = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(body.length, 4);
  process.stdout.write(Buffer.concat([lengths, text, body]));
}

// The first document pays for compiling the library: let it be ours.
read(Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj '
  + '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>/Contents 4 0 R>>endobj '
  + '4 0 obj<</Length 37>>stream\nBT/F 9 Tf 9 9 Td(Warm) Tj ET 9 9 9 9 re\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF'),
{ maxPages: 1, maxCharacters: 99 });

// A document can keep the library busy for ever. While the parent lives it ends us; when it is gone, nobody would.
new Worker(`const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`, { eval: true }).unref();

answer({ ready: true });

const held = [];
let size = 0, wanted = 8;
process.stdin.on('data', (chunk) => {
  held.push(chunk);
  size += chunk.length;
  while (size >= wanted) {
    const all = Buffer.concat(held);
    held.length = 0;
    const total = 8 + all.readUInt32LE(0) + all.readUInt32LE(4);
    if (all.length < total) {
      held.push(all);
      wanted = total;
      return;
    }
    const header = JSON.parse(all.subarray(8, 8 + all.readUInt32LE(0)).toString('utf8'));
    const result = read(all.subarray(8 + all.readUInt32LE(0), total), header);
    answer({ id: header.id, ...result.header }, result.body);
    if (total < all.length) held.push(all.subarray(total));
    size = all.length - total;
    wanted = 8;
  }
});
process.stdin.on('end', () => process.exit(0));
