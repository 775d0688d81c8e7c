// Fails the build when the script that the first page needs grows past the budget: the entry, the shell and Today, with all they import.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 250_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const firstPage = ["index.html", ...Object.keys(manifest).filter((key) => /src\/routes\/(_app|_app\/index)\.tsx\?/.test(key))];
if (firstPage.length < 3) {
  console.error(`The manifest does not list the shell and Today as chunks of their own: ${firstPage.join(", ")}`);
  process.exit(1);
}

const files = new Set();
const visit = (key) => {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) visit(imported);
};
for (const key of firstPage) visit(key);

let total = 0;
for (const file of files) total += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
console.log(`first load: ${(total / 1000).toFixed(1)} kB gzip of script in ${files.size} files (budget ${budget / 1000} kB)`);
if (total > budget) process.exit(1);
