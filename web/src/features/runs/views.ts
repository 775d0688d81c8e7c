export const runViews = ["timeline", "list", "graph", "logs", "raw"] as const;
export type RunView = (typeof runViews)[number];
