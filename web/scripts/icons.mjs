// Draws the PNG icons of the installed app from public/favicon.svg. Run after changing the mark; the results are committed.
import { chromium } from "@playwright/test";
import { readFileSync, writeFileSync } from "node:fs";

const mark = readFileSync(new URL("../public/favicon.svg", import.meta.url), "utf8");
const icons = [
  { file: "icon-192.png", size: 192, inset: 0 },
  { file: "icon-512.png", size: 512, inset: 0 },
  // Phones crop maskable and touch icons to their own shape: full bleed, with the mark inside the safe circle.
  { file: "icon-maskable-512.png", size: 512, inset: 0.14 },
  { file: "apple-touch-icon.png", size: 180, inset: 0.06 },
];

const browser = await chromium.launch({
  executablePath: process.env.WEFT_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
try {
  for (const { file, size, inset } of icons) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    const background = inset > 0 ? "#0f766c" : "transparent";
    await page.setContent(
      `<style>body{margin:0;background:${background}}svg{display:block;width:${size * (1 - 2 * inset)}px;margin:${size * inset}px}</style>${mark}`,
    );
    writeFileSync(new URL(`../public/${file}`, import.meta.url), await page.screenshot({ omitBackground: true }));
    await page.close();
  }
} finally {
  await browser.close();
}
