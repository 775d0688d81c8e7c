// The words of the product for the shapes of the HTTP interface, so that a screen imports `Run` and not a path into the generated file.
import type { components } from "./api.gen";

type Schemas = components["schemas"];

export type User = Schemas["UserView"];
export type Role = User["role"];
export type Run = Schemas["RunView"];
export type RunSummary = Schemas["RunSummary"];
export type Step = Schemas["StepDetail"];
export type Attempt = Schemas["AttemptDetail"];
export type Flow = Schemas["FlowWhole"];
export type FlowSummary = Schemas["FlowView"];
export type StoredFile = Schemas["FileView"];
export type Profile = Schemas["ProfileView"];
export type ProfileDraft = Schemas["ProfileDraft"];
export type CvReading = Schemas["CvReadingView"];
export type FreeDays = Schemas["FreeDays"];
export type Position = Schemas["PositionView"];
export type PositionDraft = Schemas["PositionDraft"];
export type Match = Schemas["MatchView"];
export type Reason = Schemas["MatchReason"];
export type Application = Schemas["ApplicationView"];
export type Mail = Schemas["MailView"];

// The words of each state, in the order in which a thing goes through them. An address or an older server may hold others:
// what shows them (ui/Status.tsx) has a look for any word.
export const runStatuses = ["pending", "running", "paused", "awaiting_retry", "completed", "failed", "cancelled"] as const;
export const applicationStatuses = ["applied", "in_review", "interviewing", "offer", "hired", "rejected", "withdrawn"] as const;
export const positionStatuses = ["draft", "open", "expired", "closed"] as const;
export const remotes = ["onsite", "hybrid", "remote", "unknown"] as const;
