// The words of the product for the shapes of the HTTP interface, so that a screen imports `Run` and not a path into the generated file.
import type { components } from "./api.gen";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type Role = User["role"];
export type Run = Schemas["Run"];
export type RunSummary = Schemas["RunSummary"];
export type RunStatus = Schemas["RunStatus"];
export type RunError = Schemas["RunError"];
export type Step = Schemas["Step"];
export type StepStatus = Schemas["StepStatus"];
export type Attempt = Schemas["Attempt"];
export type LogLine = Schemas["LogLine"];
export type Flow = Schemas["Flow"];
export type FlowSummary = Schemas["FlowSummary"];
export type StoredFile = Schemas["File"];
export type Profile = Schemas["Profile"];
export type ProfilePatch = Schemas["ProfilePatch"];
export type Resume = Schemas["Resume"];
export type Reading = Schemas["Reading"];
export type DateRange = Schemas["DateRange"];
export type Position = Schemas["Position"];
export type PositionWrite = Schemas["PositionWrite"];
export type Match = Schemas["Match"];
export type Reason = Schemas["Reason"];
export type Person = Schemas["Person"];
export type Application = Schemas["Application"];
export type ApplicationStatus = Schemas["ApplicationStatus"];
export type Mail = Schemas["Mail"];
