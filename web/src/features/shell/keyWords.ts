const isMac = /Mac|iP(hone|ad)/.test(navigator.platform);

/** "mod+k" as the keys of this computer are called; "g r" as it is typed. */
export function keyWords(keys: string): string {
  if (!keys.startsWith("mod+")) return keys;
  return `${isMac ? "⌘" : "Ctrl"} ${keys.slice(4).toUpperCase()}`;
}
