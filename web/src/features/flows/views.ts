export const flowViews = ["source", "runs", "versions"] as const;
export type FlowView = (typeof flowViews)[number];
