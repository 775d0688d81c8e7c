export const positionViews = ["candidates", "applications", "posting"] as const;
export type PositionView = (typeof positionViews)[number];
